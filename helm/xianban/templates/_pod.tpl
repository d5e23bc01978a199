{{/* What PSS restricted asks, and a little more. */}}
{{- define "xianban.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: OnRootMismatch
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{- define "xianban.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
capabilities: {drop: [ALL]}
{{- end -}}

{{/* Where every image of ours writes; everything else is read-only. */}}
{{- define "xianban.writableMounts" -}}
- {name: data, mountPath: /var/lib/xianban}
- {name: run, mountPath: /run/xianban}
- {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "xianban.scratch" -}}
- {name: run, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
- {name: tmp, emptyDir: {sizeLimit: 256Mi}}
{{- end -}}

{{- define "xianban.spread" -}}
{{- if .conf.topologySpreadConstraints -}}
{{ toYaml .conf.topologySpreadConstraints }}
{{- else -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- include "xianban.selector" $ | nindent 6 }}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "xianban.placement" -}}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* A gRPC probe speaks no TLS: health is asked on a port of its own (decision 0024). */}}
{{- define "xianban.probes" -}}
startupProbe:
  grpc: {port: 8086, service: live}
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  grpc: {port: 8086, service: live}
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
readinessProbe:
  grpc: {port: 8086}
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 3
{{- end -}}

{{- define "xianban.env" -}}
{{- $comp := .comp -}}
{{- $upper := $comp.name | upper | replace "-" "_" -}}
{{- if eq $comp.kind "service" }}
- {name: XIANBAN_{{ $upper }}_LISTEN, value: "0.0.0.0:9000"}
- {name: XIANBAN_{{ $upper }}_STREAMS_LISTEN, value: "0.0.0.0:9001"}
- {name: XIANBAN_{{ $upper }}_SAFETY_LISTEN, value: "0.0.0.0:9002"}
{{- if $comp.conf.http }}
- {name: XIANBAN_{{ $upper }}_HTTP_LISTEN, value: "0.0.0.0:9003"}
{{- end }}
{{- if not $comp.relays }}
- {name: XIANBAN_RELAY, value: "0"}
{{- end }}
{{- end }}
{{- if eq $comp.kind "portal" }}
- {name: XIANBAN_PORTAL_LISTEN, value: "0.0.0.0:8000"}
{{- end }}
{{- if has $comp.kind (list "service" "relay") }}
- {name: XIANBAN_DATABASE_FILE, value: /etc/xianban/database/{{ .root.Values.database.key }}}
{{- end }}
{{- if has $comp.kind (list "service" "relay" "worker") }}
- {name: XIANBAN_BROKER_FILE, value: /etc/xianban/broker/{{ .root.Values.broker.key }}}
{{- end }}
{{- if eq $comp.kind "uplink" }}
- {name: XIANBAN_MQTT_FILE, value: /etc/xianban/mqtt/{{ $comp.conf.mqtt.key }}}
{{- with $comp.conf.mqtt.caKey }}
- {name: XIANBAN_MQTT_CA, value: /etc/xianban/mqtt/{{ . }}}
{{- end }}
{{- end }}
{{- with include "xianban.pluginTiers" . }}
- {name: XIANBAN_PLUGIN_TIERS, value: {{ . | quote }}}
{{- end }}
{{- if or (eq $comp.kind "plugin") (include "xianban.hostsPlugins" .) }}
- {name: XIANBAN_PLUGIN_TLS, value: /etc/xianban/plugin-tls}
{{- end }}
{{- range $name, $value := $comp.conf.env }}
- {name: {{ $name }}, value: {{ $value | quote }}}
{{- end }}
{{- end -}}

{{- define "xianban.mounts" -}}
{{- $comp := .comp -}}
{{ include "xianban.writableMounts" . }}
{{- if or $comp.process $comp.conf.secretKeys }}
- {name: keys, mountPath: /etc/xianban/keys, readOnly: true}
{{- end }}
{{- if $comp.process }}
- {name: tls, mountPath: /etc/xianban/tls, readOnly: true}
{{- end }}
{{- if or (eq $comp.kind "plugin") (include "xianban.hostsPlugins" .) }}
- {name: plugin-tls, mountPath: /etc/xianban/plugin-tls, readOnly: true}
{{- end }}
{{- if has $comp.kind (list "service" "relay") }}
- {name: database, mountPath: /etc/xianban/database, readOnly: true}
{{- end }}
{{- if has $comp.kind (list "service" "relay" "worker") }}
- {name: broker, mountPath: /etc/xianban/broker, readOnly: true}
{{- end }}
{{- if eq $comp.kind "uplink" }}
- {name: mqtt, mountPath: /etc/xianban/mqtt, readOnly: true}
{{- end }}
{{- range $path, $_ := $comp.conf.files }}
- {name: files, mountPath: /var/lib/xianban/{{ $path }}, subPath: {{ $path | replace "/" "--" }}, readOnly: true}
{{- end }}
{{- end -}}

{{- define "xianban.volumes" -}}
{{- $comp := .comp -}}
{{- $values := .root.Values -}}
{{- $full := include "xianban.fullname" .root -}}
{{ include "xianban.scratch" . }}
- name: data
{{- if dig "persistence" "enabled" false $comp.conf }}
  persistentVolumeClaim: {claimName: {{ $comp.conf.persistence.existingClaim | default (printf "%s-%s" $full $comp.name) }}}
{{- else }}
  emptyDir: {sizeLimit: 1Gi}
{{- end }}
{{- if or $comp.process $comp.conf.secretKeys }}
- name: keys
  projected:
    defaultMode: 0440
    sources:
    {{- with $comp.process }}
    - secret: {name: {{ $values.secrets.prefix }}-{{ . }}-key}
    {{- end }}
    {{- range $comp.conf.secretKeys }}
    - secret:
        name: {{ $values.secrets.existingSecret }}
        {{- if not (has . (list "master" "mqtt-uplink" "notify-receipts")) }}
        # A plugin's: without it the plugin is set aside, and health says so.
        optional: true
        {{- end }}
        items: [{key: {{ . }}.secret, path: {{ . }}.secret}]
    {{- end }}
    {{- if $comp.conf.http }}
    {{- range $other := include "xianban.workloads" .root | fromJsonArray }}
    {{- if ne $other $comp.name }}
    - secret:
        name: {{ $values.secrets.prefix }}-{{ $other }}-key
        # One that is missing must not keep identity from starting.
        optional: true
        items:
        - {key: {{ $other }}.pub.json, path: {{ $other }}.pub.json}
    {{- end }}
    {{- end }}
    {{- end }}
{{- end }}
{{- with $comp.process }}
- {name: tls, secret: {secretName: {{ $values.secrets.prefix }}-{{ . }}-tls, defaultMode: 0440}}
{{- end }}
{{- if eq $comp.kind "plugin" }}
- {name: plugin-tls, secret: {secretName: {{ $values.secrets.prefix }}-{{ $comp.name }}-tls, defaultMode: 0440}}
{{- else if include "xianban.hostsPlugins" . }}
- {name: plugin-tls, secret: {secretName: {{ $values.secrets.prefix }}-plugin-host-tls, defaultMode: 0440}}
{{- end }}
{{- if has $comp.kind (list "service" "relay") }}
- {name: database, secret: {secretName: {{ $values.database.existingSecret }}, defaultMode: 0440}}
{{- end }}
{{- if has $comp.kind (list "service" "relay" "worker") }}
- {name: broker, secret: {secretName: {{ $values.broker.existingSecret }}, defaultMode: 0440}}
{{- end }}
{{- if eq $comp.kind "uplink" }}
- {name: mqtt, secret: {secretName: {{ $comp.conf.mqtt.existingSecret }}, defaultMode: 0440}}
{{- end }}
{{- with $comp.conf.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- if $comp.conf.files }}
- {name: files, configMap: {name: {{ $full }}-{{ $comp.name }}-files}}
{{- end }}
{{- end -}}
