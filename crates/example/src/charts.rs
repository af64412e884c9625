//! `charts/…`: Helm charts. The chart's metadata is the configuration, the chart itself the only layer.

use crate::{
    Error, attached,
    document::about,
    files::Files,
    layer,
    maker::{Artifact, Maker},
    series::{Job, Release, Series},
};
use serde_json::json;

const CONFIG: &str = "application/vnd.cncf.helm.config.v1+json";
const CONTENT: &str = "application/vnd.cncf.helm.chart.content.v1.tar+gzip";

struct Chart {
    name: &'static str,
    version: String,
    application: String,
    description: &'static str,
    /// YAML.
    values: &'static str,
    /// Name, version and repository of a chart that comes with it.
    dependency: Option<[&'static str; 3]>,
}

pub(crate) fn jobs() -> Vec<Job> {
    let series = |name, minors, first, last| Series { name, minors, first, last, prefix: "", aliases: &[] };
    let ingress = series("ingress", &[("4.7", 4), ("4.8", 3), ("4.9", 2), ("4.10", 4), ("4.11", 3)], 660.0, 8.0);
    let payments = series("payments", &[("0.8", 2), ("0.9", 3), ("1.0", 3), ("1.1", 2)], 400.0, 2.0);
    let mut jobs = ingress.jobs("charts/ingress", |maker, release| push(maker, &release, ingress_chart(&release)));
    jobs.extend(payments.jobs("charts/payments", |maker, release| push(maker, &release, payments_chart(&release))));
    jobs
}

const INGRESS: &str = "# How many run side by side.
replicas: 2

image:
  repository: registry.example.com/library/nginx
  tag: \"1.27.3\"
  pullPolicy: IfNotPresent

service:
  type: LoadBalancer
  port: 443

resources:
  limits:
    cpu: 500m
    memory: 256Mi
";

fn ingress_chart(release: &Release) -> Chart {
    Chart {
        name: "ingress",
        version: release.version.clone(),
        application: format!("1.{}.0", release.place + 3),
        description: "Ingress controller: routes requests from outside to services",
        values: INGRESS,
        dependency: None,
    }
}

const PAYMENTS: &str = "# How many run side by side.
replicas: 3

image:
  repository: registry.example.com/team/api
  tag: v2.14.0

service:
  type: ClusterIP
  port: 8080

# Switch it off to bring a database of your own.
postgres:
  enabled: true
  storage: 20Gi
";

fn payments_chart(release: &Release) -> Chart {
    // A version with build metadata: Helm writes its + as _ in the tag.
    let version = if release.behind == 0 { format!("{}+build.77", release.version) } else { release.version.clone() };
    Chart {
        name: "payments",
        version,
        application: "v2.14.0".to_owned(),
        description: "The payments API with its worker and database",
        values: PAYMENTS,
        dependency: Some(["postgres", "16.x.x", "oci://registry.example.com/charts"]),
    }
}

fn push(maker: &mut Maker<'_>, release: &Release, chart: Chart) -> Result<(), Error> {
    let Chart { name, version, description, .. } = &chart;
    let mut metadata = json!({
        "apiVersion": "v2",
        "name": name,
        "version": version,
        "appVersion": chart.application,
        "description": description,
        "type": "application",
        "kubeVersion": ">=1.27.0-0",
        "home": format!("https://charts.example.com/{name}"),
        "icon": format!("https://charts.example.com/{name}.svg"),
        "keywords": [name, "example"],
        "sources": [format!("https://git.example.com/charts/{name}")],
        "maintainers": [{"name": "Platform", "email": "platform@example.com"}],
    });
    if let Some([name, version, repository]) = chart.dependency {
        metadata["dependencies"] = json!([{"name": name, "version": version, "repository": repository}]);
    }
    let annotations = about([
        ("title", name),
        ("version", version),
        ("description", description),
        ("created", maker.created()),
        ("url", &format!("https://charts.example.com/{name}")),
        ("source", &format!("https://git.example.com/charts/{name}")),
    ]);
    let config = Some(maker.json(CONFIG, &metadata)?);
    let layers = vec![maker.blob(CONTENT, layer::gzip(&archive(&chart).tar()?)?)];
    let made = maker.artifact(Artifact { config, layers, annotations, ..Artifact::default() }, &[version.replace('+', "_")])?;
    if release.behind < 2 { attached::bundle(maker, &made) } else { Ok(()) }
}

fn archive(chart: &Chart) -> Files {
    let Chart { name, version, application, description, values, dependency } = chart;
    let dependencies = dependency.map_or_else(String::new, |[name, version, repository]| {
        format!("dependencies:\n  - name: {name}\n    version: {version}\n    repository: {repository}\n")
    });
    let metadata = format!(
        "apiVersion: v2\nname: {name}\nversion: {version}\nappVersion: {application:?}\ndescription: {description:?}\ntype: application\n\
         kubeVersion: \">=1.27.0-0\"\nhome: https://charts.example.com/{name}\nicon: https://charts.example.com/{name}.svg\n\
         keywords:\n  - {name}\n  - example\nsources:\n  - https://git.example.com/charts/{name}\nmaintainers:\n  - name: Platform\n    email: platform@example.com\n{dependencies}"
    );
    let readme = format!(
        "# {name}\n\n{description}\n\n## Install\n\n    helm install {name} oci://registry.example.com/charts/{name} --version {version}\n\n\
         ## Values\n\n| value | meaning | default |\n| --- | --- | --- |\n| `replicas` | how many run side by side | see `values.yaml` |\n\
         | `image.repository` | where the image comes from | |\n| `image.tag` | which version | |\n| `service.port` | where it listens | |\n"
    );
    Files::new()
        .text(format!("{name}/Chart.yaml"), metadata)
        .text(format!("{name}/values.yaml"), *values)
        .text(format!("{name}/.helmignore"), ".git/\n*.tgz\n*.orig\n")
        .text(format!("{name}/README.md"), readme)
        .text(format!("{name}/templates/_helpers.tpl"), HELPERS.replace("NAME", name))
        .text(format!("{name}/templates/deployment.yaml"), DEPLOYMENT.replace("NAME", name))
        .text(format!("{name}/templates/service.yaml"), SERVICE.replace("NAME", name))
        .text(format!("{name}/templates/NOTES.txt"), "It is running. Find its address with kubectl get service.\n")
}

const HELPERS: &str = r#"{{- define "NAME.fullname" -}}
{{ .Release.Name }}-NAME
{{- end }}

{{- define "NAME.labels" -}}
app.kubernetes.io/name: NAME
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}
"#;

const DEPLOYMENT: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "NAME.fullname" . }}
  labels:
    {{- include "NAME.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      app.kubernetes.io/instance: {{ .Release.Name }}
  template:
    metadata:
      labels:
        {{- include "NAME.labels" . | nindent 8 }}
    spec:
      containers:
        - name: NAME
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          ports:
            - name: http
              containerPort: {{ .Values.service.port }}
"#;

const SERVICE: &str = r#"apiVersion: v1
kind: Service
metadata:
  name: {{ include "NAME.fullname" . }}
spec:
  type: {{ .Values.service.type }}
  ports:
    - port: {{ .Values.service.port }}
      targetPort: http
"#;
