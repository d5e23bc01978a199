{{/*
Every Deployment of the suite but Envoy's, as data: what differs is here, what is alike is the one
template. kind: service, relay, worker, portal, uplink, plugin. process: whose certificate and
workload key it has; "" for none.
*/}}
{{- define "xianban.components" -}}
{{- $all := list -}}
{{- $default := .Values.default -}}
{{- range $name, $said := .Values.services -}}
  {{- $own := $said | default dict -}}
  {{- $all = append $all (dict "name" $name "kind" "service" "process" $name "image" $name "args" (list "serve" $name) "relays" (not (hasKey $own "relay")) "conf" (mergeOverwrite (deepCopy $default) (deepCopy $own))) -}}
  {{- if hasKey $own "relay" -}}
    {{- $all = append $all (dict "name" (printf "%s-relay" $name) "kind" "relay" "process" "" "image" $name "args" (list "relay" $name) "conf" (mergeOverwrite (deepCopy $default) (dict "secretKeys" list) (deepCopy ($own.relay | default dict)))) -}}
  {{- end -}}
  {{- if hasKey $own "worker" -}}
    {{- $all = append $all (dict "name" (printf "%s-worker" $name) "kind" "worker" "process" "" "image" $name "args" (list "worker" $name) "conf" (mergeOverwrite (deepCopy $default) (dict "secretKeys" list) (deepCopy ($own.worker | default dict)))) -}}
  {{- end -}}
{{- end -}}
{{- $all = append $all (dict "name" "portal" "kind" "portal" "process" "portal" "image" "portal" "args" (list "process" "portal") "conf" (mergeOverwrite (deepCopy $default) (deepCopy .Values.portal))) -}}
{{- if .Values.uplink.enabled -}}
  {{- $all = append $all (dict "name" "uplink" "kind" "uplink" "process" "uplink" "image" "sensing" "args" (list "process" "uplink") "conf" (mergeOverwrite (deepCopy $default) (deepCopy .Values.uplink) (dict "replicas" 1 "autoscaling" (dict "enabled" false)))) -}}
{{- end -}}
{{- range $id, $own := .Values.plugins -}}
  {{- $all = append $all (dict "name" (printf "plugin-%s" $id) "kind" "plugin" "process" "" "plugin" $id "image" $own.image "args" (list "plugin" "serve" $id "--listen" "0.0.0.0:9100") "conf" (mergeOverwrite (deepCopy $default) (dict "secretKeys" list) (deepCopy $own) (dict "replicas" 1 "autoscaling" (dict "enabled" false)))) -}}
{{- end -}}
{{- toJson $all -}}
{{- end -}}

{{/* Whose public keys identity must know: all who ask it for tokens. */}}
{{- define "xianban.workloads" -}}
{{- $names := keys .Values.services | sortAlpha -}}
{{- $names = append $names "portal" -}}
{{- if .Values.uplink.enabled -}}{{- $names = append $names "uplink" -}}{{- end -}}
{{- toJson $names -}}
{{- end -}}

{{/* XIANBAN_PLUGIN_TIERS of one component: what is said, and the plugins that name it as host. */}}
{{- define "xianban.pluginTiers" -}}
{{- $tiers := list -}}
{{- with .comp.conf.pluginTiers -}}{{- $tiers = append $tiers . -}}{{- end -}}
{{- range $id, $plugin := .root.Values.plugins -}}
  {{- if has $.comp.name $plugin.hosts -}}
    {{- $tiers = append $tiers (printf "%s=2@%s-plugin-%s:9100" $id (include "xianban.fullname" $.root) $id) -}}
  {{- end -}}
{{- end -}}
{{- join "," $tiers -}}
{{- end -}}

{{- define "xianban.hostsPlugins" -}}
{{- range $id, $plugin := .root.Values.plugins -}}{{- if has $.comp.name $plugin.hosts -}}yes{{- end -}}{{- end -}}
{{- end -}}

{{/* preStop, then the pause and the grace of the SDK, then its threads' five seconds and a margin. */}}
{{- define "xianban.endSeconds" -}}
{{ add .Values.drain.preStopSeconds 1 .Values.drain.graceSeconds 15 }}
{{- end -}}
