{{/* Values that are dead, or that contradict each other: each with what to do instead. */}}
{{- define "xianban.refuse" -}}
{{- $values := .Values -}}
{{- range $dead, $instead := dict
  "postgresql" "the chart bundles no database: run one and name its Secret in database.existingSecret"
  "rabbitmq" "the chart bundles no broker: run one and name its Secret in broker.existingSecret"
  "mosquitto" "the chart bundles no MQTT broker: name its Secret in uplink.mqtt.existingSecret"
-}}
  {{- if hasKey $values $dead -}}{{- fail (printf "%s is no value: %s (UPGRADING.md)" $dead $instead) -}}{{- end -}}
{{- end -}}
{{- range $what := list "database" "broker" -}}
  {{- if hasKey (index $values $what) "url" -}}
    {{- fail (printf "%s.url is no value: a URL with its password belongs into the Secret that %s.existingSecret names (UPGRADING.md)" $what $what) -}}
  {{- end -}}
{{- end -}}
{{- if not (hasKey .Values.services "identity") -}}
  {{- fail "services.identity is missing: nobody could log in, and no process would get a token" -}}
{{- end -}}
{{- if and .Values.uplink.enabled (not (hasKey .Values.services "sensing")) -}}
  {{- fail "uplink.enabled needs services.sensing: it asks there which devices there are" -}}
{{- end -}}
{{- if and (not .Values.demo) (not (hasPrefix "https://" .Values.issuer)) -}}
  {{- fail "issuer must begin with https:// outside of a demo: tokens and cookies travel with it" -}}
{{- end -}}
{{- if and .Values.ingress.enabled .Values.gateway.enabled -}}
  {{- fail "ingress.enabled and gateway.enabled contradict each other: choose one way in" -}}
{{- end -}}
{{- if and .Values.gateway.enabled (not .Values.gateway.parentRefs) -}}
  {{- fail "gateway.parentRefs is empty: an HTTPRoute of no Gateway is reached by nobody" -}}
{{- end -}}
{{- if and (ne .Values.edge.service.type "ClusterIP") (not .Values.edge.tls.existingSecret) (not .Values.demo) -}}
  {{- fail "edge.service.type faces a network without TLS: set edge.tls.existingSecret, or ClusterIP behind an Ingress or Gateway" -}}
{{- end -}}
{{- if and .Values.networkPolicy.egress.enabled (not .Values.networkPolicy.egress.to) -}}
  {{- fail "networkPolicy.egress.to is empty: the suite would reach neither its database nor its broker" -}}
{{- end -}}
{{- if and .Values.networkPolicy.egress.enabled (not .Values.networkPolicy.enabled) -}}
  {{- fail "networkPolicy.egress.enabled needs networkPolicy.enabled" -}}
{{- end -}}
{{- if and .Values.tls.certManager.enabled (not .Values.tls.certManager.issuerRef) -}}
  {{- fail "tls.certManager.issuerRef is empty: cert-manager must know who signs" -}}
{{- end -}}
{{- $components := include "xianban.components" . | fromJsonArray -}}
{{- $names := list -}}
{{- range $components -}}
  {{- $names = append $names .name -}}
  {{- $scale := .conf.autoscaling -}}
  {{- if $scale.enabled -}}
    {{- if gt (int $scale.min) (int $scale.max) -}}{{- fail (printf "%s: autoscaling.min is above autoscaling.max" .name) -}}{{- end -}}
    {{- if not (dig "requests" "cpu" "" .conf.resources) -}}{{- fail (printf "%s: autoscaling needs resources.requests.cpu to measure against" .name) -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- if or (gt (int .Values.portal.replicas) 1) (dig "autoscaling" "enabled" false .Values.portal) -}}
  {{- fail "portal.replicas must be 1: its sessions lie in a file of its own, a second pod would not know them" -}}
{{- end -}}
{{- range $id, $plugin := .Values.plugins -}}
  {{- range $host := $plugin.hosts -}}
    {{- if not (has $host $names) -}}{{- fail (printf "plugins.%s.hosts names %s, which is none of %s" $id $host (join ", " $names)) -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- range $name, $said := .Values.services -}}
  {{- range $peer := (dig "peers" list ($said | default dict)) -}}
    {{- if and (ne $peer "*") (not (has $peer (append $names "uplink"))) -}}{{- fail (printf "services.%s.peers names %s, which is none of %s" $name $peer (join ", " $names)) -}}{{- end -}}
  {{- end -}}
{{- end -}}
{{- end -}}
