// What the teams build themselves.
import { fallbackTag, index } from '../image.mjs'
import { hex, layer, owned, program, removed, text } from '../layer.mjs'
import { attestation, cosign, referrers } from './attached.mjs'
import { ago, arg, build, chance, copy, cmd, current, entrypoint, env, expose, healthcheck, label, releases, run, SECOND, user, volume, workdir } from './history.mjs'

const revisionOf = (name, version) => hex('sha1', `${name} ${version}`)

const facts = (app, release, base) => ({
  'org.opencontainers.image.title': app.name,
  'org.opencontainers.image.version': release.version,
  'org.opencontainers.image.description': app.description,
  'org.opencontainers.image.source': `https://git.example.com/acme/${app.name}`,
  'org.opencontainers.image.url': `https://acme.example.com/${app.name}`,
  'org.opencontainers.image.documentation': `https://docs.example.com/${app.name}`,
  'org.opencontainers.image.revision': revisionOf(app.name, release.version),
  'org.opencontainers.image.created': release.created,
  'org.opencontainers.image.licenses': app.licenses ?? 'Apache-2.0',
  'org.opencontainers.image.vendor': 'Acme',
  'org.opencontainers.image.base.name': `docker.io/${base.repository}:${base.release.version}`,
  'org.opencontainers.image.base.digest': base.release.index.digest,
})

/** One version of one application on every platform it is built for. */
async function version(app, release, { attest = false } = {}) {
  const base = { repository: app.base.repository, release: current(app.base.releases, release.days) }
  const annotations = facts(app, release, base)
  const labels = { ...annotations, team: app.team, 'com.example.cost-centre': app.costCentre ?? 'cc-1207' }
  const images = await Promise.all(
    app.platforms.map((platform) =>
      build({
        from: base.release.images[platform],
        platform,
        created: release.created,
        author: 'Acme build service',
        steps: app.steps(release, platform),
        config: { ...app.config(release), Labels: labels },
        ...(app.platforms.length === 1 && !attest && { annotations }),
      }),
    ),
  )
  if (images.length === 1 && !attest) return images[0]
  const about = { repository: `team/${app.name}`, version: release.version, created: release.created, revision: revisionOf(app.name, release.version), source: annotations['org.opencontainers.image.source'] }
  const proofs = attest ? images.map((image) => attestation(image, about)) : []
  return index([...images, ...proofs], { annotations })
}

const DEBIAN_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const service = ({ name, port, size, extra = [] }) => ({
  steps: ({ version: v }, platform) => [
    arg('DEBIAN_FRONTEND=noninteractive'),
    run('apt-get update && apt-get install -y --no-install-recommends ca-certificates curl tini && rm -rf /var/lib/apt/lists/*', `service tools ${platform}`, () => ({
      'usr/bin/curl': program(`curl ${platform}`, 16_000),
      'usr/bin/tini': program(`tini ${platform}`, 4_000),
      'etc/ssl/certs/ca-certificates.crt': text('# The certificates of an example.\n'.repeat(300)),
    })),
    run('groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-create-home --shell /usr/sbin/nologin app', 'service user', {
      'etc/group': text('root:x:0:\napp:x:10001:\n'),
      'etc/passwd': text('root:x:0:0:root:/root:/bin/bash\napp:x:10001:10001::/home/app:/usr/sbin/nologin\n'),
    }),
    env(`PORT=${port}`),
    env('RUST_LOG=info,sqlx=warn'),
    workdir('/app'),
    copy(`--from=build /src/target/release/${name} /usr/local/bin/`, `${name} ${v} ${platform}`, () => ({ [`usr/local/bin/${name}`]: program(`${name} ${v} ${platform}`, size(v)) })),
    copy('--chown=app:app migrations /app/migrations', `${name} migrations ${v.replace(/\.\d+$/, '')}`, () => ({
      'app/migrations/0001_accounts.sql': owned(text('create table account (id bigint primary key, name text not null);\n'), 10001, 10001),
      'app/migrations/0002_payments.sql': owned(text(`-- as of ${v.replace(/\.\d+$/, '')}\ncreate table payment (id uuid primary key, account bigint references account, amount numeric(18, 2));\n`), 10001, 10001),
    })),
    ...extra,
    volume('/app/data'),
    user('10001:10001'),
    expose('9090/tcp', `${port}/tcp`),
    healthcheck(`["CMD-SHELL" "curl -fsS http://127.0.0.1:${port}/healthz || exit 1"] "30s" "3s" "10s" "0s" '\\x03'`),
    entrypoint('/usr/bin/tini', '--', `/usr/local/bin/${name}`),
    cmd('serve'),
  ],
  config: () => ({
    User: '10001:10001',
    ExposedPorts: { '9090/tcp': {}, [`${port}/tcp`]: {} },
    Env: [DEBIAN_PATH, `PORT=${port}`, 'RUST_LOG=info,sqlx=warn'],
    Entrypoint: ['/usr/bin/tini', '--', `/usr/local/bin/${name}`],
    Cmd: ['serve'],
    Volumes: { '/app/data': {} },
    WorkingDir: '/app',
    StopSignal: 'SIGTERM',
    Healthcheck: { Test: ['CMD-SHELL', `curl -fsS http://127.0.0.1:${port}/healthz || exit 1`], Interval: 30 * SECOND, Timeout: 3 * SECOND, StartPeriod: 10 * SECOND, Retries: 3 },
  }),
})

const growing = (from, per) => (v) => {
  const [major, minor] = v.split('.').map(Number)
  return from + (major * 12 + minor) * per + Math.floor(chance(v) * 2000)
}

export async function* team(now, { debian, alpine }) {
  const api = {
    name: 'api',
    team: 'payments',
    description: 'Payments API: accepts, routes and settles card payments',
    base: debian,
    platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'],
    ...service({ name: 'api', port: 8080, size: growing(40_000, 1300) }),
  }
  const history = releases('api', now, { '1.0': 2, 1.1: 1, 1.2: 2, 1.3: 1, 1.4: 2, '2.0': 3, 2.1: 1, 2.2: 1, 2.3: 2, 2.4: 1, 2.5: 2, 2.6: 1, 2.7: 2, 2.8: 3, 2.9: 1, '2.10': 2, 2.11: 3, 2.12: 2, 2.13: 5, 2.14: 1 }, { last: 0.006, prefix: 'v' })
  for (const release of history) {
    const attest = release.major === '2' && Number(release.minor.split('.')[1]) >= 10
    const manifest = await version(api, release, { attest })
    yield { repository: 'team/api', manifest, tags: release.tags }
    if (release.place >= history.length - 4) yield { repository: 'team/api', manifest: cosign(manifest, 'team/api'), tags: [fallbackTag(manifest.digest, '.sig')] }
    if (release.newest) {
      const attached = referrers(manifest, { repository: 'team/api', version: release.version, created: release.created })
      yield { repository: 'team/api', manifest: index(attached), tags: [fallbackTag(manifest.digest)] }
    }
  }
  const candidate = { version: '2.15.0-rc.1', days: 0.3, created: ago(now, 0.3) }
  yield { repository: 'team/api', manifest: await version(api, candidate), tags: ['v2.15.0-rc.1', 'next'] }
  for (let request = 401; request <= 418; request += 1) {
    const days = (419 - request) * 1.7
    const tried = { version: `2.15.0-pr.${request}`, days, created: ago(now, days) }
    yield { repository: 'team/api', manifest: await version({ ...api, platforms: ['linux/amd64'] }, tried), tags: [`pr-${request}`] }
  }

  const web = {
    name: 'web',
    team: 'storefront',
    description: 'Shop front, server-rendered',
    base: alpine,
    licenses: 'MIT',
    platforms: ['linux/amd64'],
    steps: ({ version: v }) => [
      run('apk add --no-cache nodejs tini', 'web node', () => ({ 'usr/bin/node': program('web node', 90_000) })),
      workdir('/srv'),
      copy('package.json package-lock.json ./', `web packages ${v.split('.')[0]}`, { 'srv/package.json': text(JSON.stringify({ name: 'web', version: v.split('.')[0] }, null, 2)) }),
      run('npm ci --omit=dev', `web modules ${v.replace(/\.\d+$/, '')}`, () => ({ 'srv/node_modules/.bundle': program(`web modules ${v.replace(/\.\d+$/, '')}`, 30_000) })),
      copy('dist ./dist', `web ${v}`, () => ({
        'srv/dist/index.html': text('<!doctype html><title>Shop</title><main>Everything you need.</main>\n'),
        'srv/dist/app.js': text(`// ${v}\n${'export const price = (cents) => (cents / 100).toFixed(2);\n'.repeat(400)}`),
        'srv/dist/app.css': text('main { max-width: 72rem; margin: auto }\n'),
      })),
      user('node'),
      expose('3000/tcp'),
      cmd('node', 'dist/server.js'),
    ],
    config: () => ({ User: 'node', ExposedPorts: { '3000/tcp': {} }, Env: ['NODE_ENV=production', 'PORT=3000'], WorkingDir: '/srv', Cmd: ['node', 'dist/server.js'] }),
  }
  for (const release of releases('web', now, { '7.0': 3, 7.1: 2, '8.0': 4, 8.1: 3, 8.2: 2, '9.0': 5, 9.1: 3 }, { last: 0.05, prefix: 'v' })) {
    yield { repository: 'team/web', manifest: await version(web, release), tags: release.tags }
  }

  const worker = {
    name: 'worker',
    team: 'payments',
    description: 'Settlement and mail queues',
    base: debian,
    platforms: ['linux/amd64', 'linux/arm64'],
    ...service({ name: 'worker', port: 8081, size: growing(36_000, 1100) }),
  }
  for (const release of releases('worker', now, { '2.8': 3, 2.9: 2, '2.10': 2, 2.11: 3, 2.12: 3, 2.13: 9 }, { first: 420, last: 0.13, prefix: 'v' })) {
    const manifest = await version(worker, release, { attest: release.newest })
    yield { repository: 'team/worker', manifest, tags: release.tags }
    if (release.newest) yield { repository: 'team/worker', manifest: cosign(manifest, 'team/worker'), tags: [fallbackTag(manifest.digest, '.sig')] }
  }

  for (const [name, description] of [['import', 'Reads bank statements every night'], ['export', 'Writes the ledger for the auditors']]) {
    const job = { name: `batch/${name}`, team: 'ledger', description, base: debian, platforms: ['linux/amd64'], ...service({ name, port: 8090, size: growing(20_000, 700) }) }
    for (const release of releases(name, now, { 0.9: 2, '1.0': 3, 1.1: 2 }, { first: 380, last: 6 })) {
      yield { repository: `team/batch/${name}`, manifest: await version(job, release), tags: release.tags }
    }
  }

  // What should not have been built this way: files written twice, removed too late, and a key that stays in a lower layer.
  const legacy = {
    name: 'legacy',
    team: 'ledger',
    description: 'The ledger’s first web interface; to be retired',
    licenses: 'LicenseRef-Proprietary',
    base: debian,
    platforms: ['linux/amd64'],
    steps: ({ version: v }) => [
      copy('. /opt/ledger', `legacy source ${v}`, () => ({
        'opt/ledger/app.jar': program(`legacy jar ${v}`, 120_000),
        'opt/ledger/.git/objects/pack/pack-1.pack': program('legacy history', 90_000),
        'opt/ledger/id_ed25519': text('-----BEGIN EXAMPLE KEY-----\nThis is no key. It stands for one that was removed one layer too late.\n-----END EXAMPLE KEY-----\n', 0o600),
        'opt/ledger/cache/a.bin': program('legacy cache a', 24_000),
        'opt/ledger/cache/b.bin': program('legacy cache b', 24_000),
      })),
      run('chmod -R g+rX /opt/ledger', `legacy chmod ${v}`, () => ({
        'opt/ledger/app.jar': { ...program(`legacy jar ${v}`, 120_000), mode: 0o775 },
        'opt/ledger/.git/objects/pack/pack-1.pack': { ...program('legacy history', 90_000), mode: 0o775 },
      })),
      run('rm -rf /opt/ledger/.git /opt/ledger/id_ed25519', 'legacy rm', Object.fromEntries([removed('opt/ledger/.git'), removed('opt/ledger/id_ed25519')])),
      run('rm -rf /opt/ledger/cache && mkdir /opt/ledger/cache', 'legacy cache', { 'opt/ledger/cache/.wh..wh..opq': text('', 0o600) }),
      label('maintainer=nobody'),
      cmd('java', '-jar', '/opt/ledger/app.jar'),
    ],
    config: () => ({ Env: [DEBIAN_PATH, 'JAVA_OPTS=-Xmx512m'], Cmd: ['java', '-jar', '/opt/ledger/app.jar'] }),
  }
  for (const release of releases('legacy', now, { 3.1: 3 }, { first: 715, last: 501, aliases: ['latest'] })) {
    yield { repository: 'team/legacy', manifest: await version(legacy, release), tags: release.tags }
  }
}

/** A small image of its own for a push that a test makes: `seed` decides its content. */
export async function small(seed, { created = new Date().toISOString(), platform = 'linux/amd64', labels = {}, bytes = 2000 } = {}) {
  return build({
    platform,
    created,
    steps: [
      { createdBy: 'COPY hello /hello # buildkit', layer: layer(`small ${seed} ${platform}`, () => ({ hello: program(`${seed} ${platform}`, bytes) })) },
      { createdBy: 'CMD ["/hello"]', comment: 'buildkit.dockerfile.v0' },
    ],
    config: { Cmd: ['/hello'], Labels: { 'org.opencontainers.image.description': `Made for a test: ${seed}`, ...labels } },
  })
}
