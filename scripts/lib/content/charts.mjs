// Helm charts: the chart's metadata is the configuration, the chart itself the only layer.
import { gzipSync } from 'node:zlib'
import { artifact, blob } from '../image.mjs'
import { tar, text } from '../layer.mjs'
import { releases } from './history.mjs'

const yaml = (value, indent = '') =>
  Object.entries(value)
    .map(([key, inner]) => {
      if (Array.isArray(inner)) {
        const items = inner.map((item) => (typeof item === 'object' ? `${indent}  - ${yaml(item, `${indent}    `).trimStart()}` : `${indent}  - ${item}\n`))
        return `${indent}${key}:\n${items.join('')}`
      }
      if (inner && typeof inner === 'object') return `${indent}${key}:\n${yaml(inner, `${indent}  `)}`
      return `${indent}${key}: ${typeof inner === 'string' ? JSON.stringify(inner) : inner}\n`
    })
    .join('')

async function chart({ name, version, created, description, appVersion, values, dependencies }) {
  const meta = {
    apiVersion: 'v2',
    name,
    version,
    appVersion,
    description,
    type: 'application',
    kubeVersion: '>=1.27.0-0',
    home: `https://charts.example.com/${name}`,
    icon: `https://charts.example.com/${name}.svg`,
    keywords: [name, 'example'],
    sources: [`https://git.example.com/charts/${name}`],
    maintainers: [{ name: 'Platform', email: 'platform@example.com' }],
    ...(dependencies && { dependencies }),
  }
  const archive = await tar({
    [`${name}/Chart.yaml`]: text(yaml(meta)),
    [`${name}/values.yaml`]: text(yaml(values)),
    [`${name}/README.md`]: text(`# ${name}\n\n${description}\n\n## Install\n\n    helm install ${name} oci://registry.example.com/charts/${name} --version ${version}\n`),
    [`${name}/templates/_helpers.tpl`]: text(`{{- define "${name}.fullname" -}}\n{{ .Release.Name }}-${name}\n{{- end }}\n`),
    [`${name}/templates/deployment.yaml`]: text(
      `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ include "${name}.fullname" . }}\nspec:\n  replicas: {{ .Values.replicas }}\n  template:\n    spec:\n      containers:\n        - name: ${name}\n          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"\n`,
    ),
    [`${name}/templates/service.yaml`]: text(`apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include "${name}.fullname" . }}\nspec:\n  ports:\n    - port: {{ .Values.service.port }}\n`),
    [`${name}/templates/NOTES.txt`]: text('It is running. Find its address with kubectl get service.\n'),
  })
  return artifact({
    config: blob('application/vnd.cncf.helm.config.v1+json', meta),
    layers: [blob('application/vnd.cncf.helm.chart.content.v1.tar+gzip', gzipSync(archive, { level: 6 }))],
    annotations: {
      'org.opencontainers.image.title': name,
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.description': description,
      'org.opencontainers.image.created': created,
      'org.opencontainers.image.url': `https://charts.example.com/${name}`,
      'org.opencontainers.image.source': `https://git.example.com/charts/${name}`,
    },
  })
}

export async function* charts(now) {
  for (const release of releases('ingress', now, { 4.7: 4, 4.8: 3, 4.9: 2, '4.10': 4, 4.11: 3 }, { first: 660, last: 8, aliases: [] })) {
    yield {
      repository: 'charts/ingress',
      manifest: await chart({
        ...release,
        name: 'ingress',
        description: 'Ingress controller: routes requests from outside to services',
        appVersion: `1.${release.place + 3}.0`,
        values: { replicas: 2, image: { repository: 'registry.example.com/library/nginx', tag: '1.27.3' }, service: { type: 'LoadBalancer', port: 443 }, resources: { limits: { cpu: '500m', memory: '256Mi' } } },
      }),
      tags: release.tags,
    }
  }
  for (const release of releases('payments', now, { '0.8': 2, 0.9: 3, '1.0': 3, 1.1: 2 }, { first: 400, last: 2, aliases: [] })) {
    // A version with build metadata: Helm writes its + as _ in the tag.
    const version = release.newest ? `${release.version}+build.77` : release.version
    yield {
      repository: 'charts/payments',
      manifest: await chart({
        ...release,
        version,
        name: 'payments',
        description: 'The payments API with its worker and database',
        appVersion: 'v2.14.0',
        values: { replicas: 3, image: { repository: 'registry.example.com/team/api', tag: 'v2.14.0' }, service: { type: 'ClusterIP', port: 8080 }, postgres: { enabled: true, storage: '20Gi' } },
        dependencies: [{ name: 'postgres', version: '16.x.x', repository: 'oci://registry.example.com/charts' }],
      }),
      tags: [version.replace('+', '_')],
    }
  }
}
