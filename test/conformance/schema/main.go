// Prints what the API server of the sandbox knows about the built-in types: field names and JSON types out of
// k8s.io/api by reflection, with the merge keys of strategic merge patches out of the struct tags, and the list and map
// kinds of server-side apply out of the schema that client-go carries.
package main

import (
	"fmt"
	"os"
	"reflect"
	"regexp"
	"sort"
	"strings"

	admissionregistration "k8s.io/api/admissionregistration/v1"
	apps "k8s.io/api/apps/v1"
	authentication "k8s.io/api/authentication/v1"
	authorization "k8s.io/api/authorization/v1"
	autoscaling "k8s.io/api/autoscaling/v1"
	batch "k8s.io/api/batch/v1"
	coordination "k8s.io/api/coordination/v1"
	core "k8s.io/api/core/v1"
	discovery "k8s.io/api/discovery/v1"
	events "k8s.io/api/events/v1"
	policy "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

var roots = []any{
	core.Pod{}, core.PodTemplate{}, core.Service{}, core.ConfigMap{}, core.Secret{}, core.Namespace{}, core.Node{}, core.Event{}, core.Endpoints{},
	core.ServiceAccount{}, core.Binding{}, apps.Deployment{}, apps.ReplicaSet{}, apps.StatefulSet{}, apps.DaemonSet{},
	apps.ControllerRevision{}, batch.Job{}, discovery.EndpointSlice{}, coordination.Lease{}, rbac.Role{}, rbac.RoleBinding{},
	rbac.ClusterRole{}, rbac.ClusterRoleBinding{}, admissionregistration.MutatingWebhookConfiguration{},
	admissionregistration.ValidatingWebhookConfiguration{}, authentication.TokenReview{}, authentication.TokenRequest{},
	authentication.SelfSubjectReview{}, authorization.SubjectAccessReview{}, authorization.SelfSubjectAccessReview{},
	authorization.LocalSubjectAccessReview{}, authorization.SelfSubjectRulesReview{}, policy.Eviction{}, autoscaling.Scale{},
	events.Event{}, meta.DeleteOptions{}, meta.Status{},
}

var done = map[string]bool{}
var out = map[string][]string{}

func name(t reflect.Type) string {
	group := t.PkgPath()[strings.LastIndex(t.PkgPath()[:strings.LastIndex(t.PkgPath(), "/")], "/")+1:]
	group = strings.TrimSuffix(group, "/v1")
	if group == "core" || group == "apis/meta" || group == "meta" {
		if group == "core" {
			return t.Name()
		}
		return "meta." + t.Name()
	}
	return group + "." + t.Name()
}

func typeOf(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return typeOf(t.Elem())
	case t == reflect.TypeOf(meta.Time{}) || t == reflect.TypeOf(meta.MicroTime{}):
		return "time"
	case t == reflect.TypeOf(meta.FieldsV1{}):
		return "any"
	case t.Name() == "Quantity":
		return "quantity"
	case t.Name() == "IntOrString":
		return "intOrString"
	case t.Name() == "RawExtension":
		return "any"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Uint8:
		return "bytes"
	case t.Kind() == reflect.Slice:
		return "[" + typeOf(t.Elem()) + "]"
	case t.Kind() == reflect.Map:
		return "{" + typeOf(t.Elem()) + "}"
	case t.Kind() == reflect.Struct:
		visit(t)
		return name(t)
	case t.Kind() == reflect.String:
		return "string"
	case t.Kind() == reflect.Bool:
		return "boolean"
	case t.Kind() == reflect.Float64:
		return "number"
	default:
		return "integer"
	}
}

// The number of the field in Kubernetes' protobuf form.
func number(f reflect.StructField) string {
	parts := strings.Split(f.Tag.Get("protobuf"), ",")
	if len(parts) < 2 {
		return ""
	}
	return " #" + parts[1]
}

// own is false for the fields of an embedded struct, which have no numbers in this one.
func fields(t reflect.Type, lines *[]string, own bool) {
	for i := 0; i < t.NumField(); i++ {
		f := t.Field(i)
		tag := strings.Split(f.Tag.Get("json"), ",")
		if f.Anonymous && tag[0] == "" {
			if f.Type.Name() == "TypeMeta" {
				*lines = append(*lines, "apiVersion string", "kind string")
			} else {
				fields(f.Type, lines, false)
				if own {
					visit(f.Type)
					*lines = append(*lines, "inline "+name(f.Type)+number(f))
				}
			}
			continue
		}
		if tag[0] == "" || tag[0] == "-" {
			continue
		}
		line := tag[0] + " " + typeOf(f.Type)
		if s := f.Tag.Get("patchStrategy"); s != "" {
			line += " patch=" + s
			if k := f.Tag.Get("patchMergeKey"); k != "" {
				line += ":" + k
			}
		}
		if len(tag) == 1 {
			line += " present"
		}
		if f.Type.Kind() == reflect.Pointer {
			line += " pointer"
		}
		if own {
			line += number(f)
		}
		if l := lists[schemaName(t)+"."+tag[0]]; l != "" {
			line += " " + l
		}
		*lines = append(*lines, line)
	}
}

func visit(t reflect.Type) {
	n := name(t)
	if done[n] {
		return
	}
	done[n] = true
	full[n] = schemaName(t)
	lines := []string{}
	fields(t, &lines, true)
	out[n] = lines
}

// The schema of client-go: `type.field` -> "atomic", "set", "map=key,key".
var lists = map[string]string{}

func schemaName(t reflect.Type) string {
	p := t.PkgPath()
	if strings.HasPrefix(p, "k8s.io/apimachinery/pkg/apis/meta/v1") {
		return "io.k8s.apimachinery.pkg.apis.meta.v1." + t.Name()
	}
	return "io.k8s.api." + strings.ReplaceAll(strings.TrimPrefix(p, "k8s.io/api/"), "/", ".") + "." + t.Name()
}

func readSchema(file string) {
	b, err := os.ReadFile(file)
	if err != nil {
		panic(err)
	}
	text := string(b)
	text = text[strings.Index(text, "`")+1:]
	typeLine := regexp.MustCompile(`^- name: (\S+)$`)
	fieldLine := regexp.MustCompile(`^    - name: (\S+)$`)
	current, field := "", ""
	keys := false
	for _, line := range strings.Split(text, "\n") {
		if m := typeLine.FindStringSubmatch(line); m != nil {
			current, field = m[1], ""
			continue
		}
		if m := fieldLine.FindStringSubmatch(line); m != nil {
			field = m[1]
			keys = false
			continue
		}
		l := strings.TrimSpace(line)
		indent := len(line) - len(strings.TrimLeft(line, " "))
		at := current + "." + field
		if strings.HasPrefix(l, "elementRelationship: ") {
			v := strings.TrimPrefix(l, "elementRelationship: ")
			if field == "" || indent <= 4 {
				lists[current] = v
			} else if v == "associative" {
				lists[at] = "set"
			} else if v != "separable" {
				lists[at] = v
			}
			keys = false
		} else if l == "keys:" {
			keys = true
			lists[at] = "map"
		} else if keys && strings.HasPrefix(l, "- ") {
			sep := ","
			if lists[at] == "map" || lists[at] == "set" {
				sep = "="
				lists[at] = "map"
			}
			lists[at] += sep + strings.TrimPrefix(l, "- ")
		} else {
			keys = false
		}
	}
}

func main() {
	readSchema(os.Args[1])
	for _, r := range roots {
		visit(reflect.TypeOf(r))
	}
	names := []string{}
	for n := range out {
		names = append(names, n)
	}
	sort.Strings(names)
	_ = names
	for _, n := range names {
		head := n
		if a := lists[full[n]]; a == "atomic" {
			head += " atomic"
		}
		fmt.Println(head)
		for _, l := range out[n] {
			fmt.Println("  " + l)
		}
	}
}

var full = map[string]string{}
