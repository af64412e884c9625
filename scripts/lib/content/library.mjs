// What a company mirrors from elsewhere: databases, languages, servers.
import { index } from '../image.mjs'
import { layer, program, text } from '../layer.mjs'
import { DEB, TRIPLE } from './bases.mjs'
import { build, classic, cmd, copy, current, entrypoint, env, expose, nop, releases, run, SECOND, volume } from './history.mjs'

const labels = (name, version, description, licenses, base) => ({
  'org.opencontainers.image.title': name,
  'org.opencontainers.image.version': version,
  'org.opencontainers.image.description': description,
  'org.opencontainers.image.licenses': licenses,
  'org.opencontainers.image.source': `https://git.example.com/library/${name}`,
  'org.opencontainers.image.url': `https://hub.example.com/_/${name}`,
  ...(base && { 'org.opencontainers.image.base.name': `docker.io/${base.repository}:${base.release.version}`, 'org.opencontainers.image.base.digest': base.release.index.digest }),
})

const on = (distribution, days) => ({ repository: distribution.repository, release: current(distribution.releases, days) })

/** Every release of one name: an index over `platforms`, or one image where there is a single platform. */
async function* family({ name, description, licenses, now, minors, span, base, platforms, docker, steps, config, suffix = '' }) {
  for (const release of releases(name, now, minors, span)) {
    const { version, created, days, tags } = release
    const under = base && on(base, days)
    const facts = labels(name, version, description, licenses, under)
    const images = await Promise.all(
      platforms.map((platform) =>
        build({
          from: under?.release.images[platform],
          platform,
          created,
          docker,
          steps: steps(release, platform),
          config: { ...config(release), Labels: facts },
        }),
      ),
    )
    const manifest = images.length > 1 ? index(images, { docker, ...(!docker && { annotations: facts }) }) : images[0]
    yield { repository: `library/${name}`, manifest, tags: tags.map((tag) => (suffix && tag !== 'latest' ? `${tag}${suffix}` : tag)).filter((tag) => !(suffix && tag === 'latest')) }
  }
}

export async function* library(now, { debian, alpine }) {
  for (const { repository, releases: list } of [debian, alpine]) {
    for (const release of list) {
      const tags = repository.endsWith('debian') ? release.tags.flatMap((tag) => (tag === '12' ? ['12', 'bookworm'] : [tag])) : release.tags
      yield { repository, manifest: release.index, tags }
    }
  }

  const postgres = {
    name: 'postgres',
    description: 'The world’s most advanced open source relational database',
    licenses: 'PostgreSQL',
    now,
    base: debian,
    platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'],
    steps: ({ version, major }, platform) => [
      run("set -eux; groupadd -r postgres --gid=999; useradd -r -g postgres --uid=999 --home-dir=/var/lib/postgresql --shell=/bin/bash postgres", 'postgres user', {
        'etc/group': text('root:x:0:\npostgres:x:999:\n'),
        'var/lib/postgresql/': { type: 'directory', mode: 0o755, uid: 999, gid: 999 },
      }),
      env('GOSU_VERSION=1.17'),
      run("set -eux; dpkgArch=\"$(dpkg --print-architecture | awk -F- '{ print $NF }')\"; wget -O /usr/local/bin/gosu \"https://mirror.example.com/gosu/$GOSU_VERSION/gosu-$dpkgArch\"; chmod +x /usr/local/bin/gosu; gosu --version", `gosu ${platform}`, () => ({
        'usr/local/bin/gosu': program(`gosu ${platform}`, 22_000),
      })),
      env('LANG=en_US.utf8'),
      env(`PG_MAJOR=${major}`),
      env(`PG_VERSION=${version}-1.pgdg120+1`),
      run(`set -ex; apt-get update; apt-get install -y --no-install-recommends postgresql-$PG_MAJOR=$PG_VERSION; rm -rf /var/lib/apt/lists/*`, `postgres ${version} ${platform}`, () => ({
        [`usr/lib/postgresql/${major}/bin/postgres`]: program(`postgres ${version} ${platform}`, 120_000),
        [`usr/lib/postgresql/${major}/bin/psql`]: program(`psql ${version} ${platform}`, 18_000),
        [`usr/lib/${TRIPLE[platform]}/libpq.so.5`]: program(`libpq ${version} ${platform}`, 9_000),
        [`usr/share/postgresql/${major}/postgresql.conf.sample`]: text('# The values here are the defaults.\nmax_connections = 100\nshared_buffers = 128MB\n'),
      })),
      env('PGDATA=/var/lib/postgresql/data'),
      volume('/var/lib/postgresql/data'),
      copy('docker-entrypoint.sh docker-ensure-initdb.sh /usr/local/bin/', 'postgres entrypoint', { 'usr/local/bin/docker-entrypoint.sh': text('#!/usr/bin/env bash\nset -Eeo pipefail\nexec gosu postgres "$@"\n', 0o755) }),
      entrypoint('docker-entrypoint.sh'),
      { createdBy: 'STOPSIGNAL SIGINT', comment: 'buildkit.dockerfile.v0' },
      expose('5432/tcp'),
      cmd('postgres'),
    ],
    config: ({ version, major }) => ({
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'GOSU_VERSION=1.17', 'LANG=en_US.utf8', `PG_MAJOR=${major}`, `PG_VERSION=${version}-1.pgdg120+1`, 'PGDATA=/var/lib/postgresql/data'],
      ExposedPorts: { '5432/tcp': {} },
      Volumes: { '/var/lib/postgresql/data': {} },
      Entrypoint: ['docker-entrypoint.sh'],
      Cmd: ['postgres'],
      StopSignal: 'SIGINT',
    }),
  }
  // PostgreSQL counts in two numbers: 16.4 is a patch of 16.
  const versions = (major, patches) => ({ ...postgres, minors: { [major]: patches } })
  yield* family({ ...versions('14', 7), span: { first: 720, last: 60, aliases: ['major'] } })
  yield* family({ ...versions('15', 8), span: { first: 700, last: 31, aliases: ['major'] } })
  yield* family({ ...versions('16', 9), span: { first: 420, last: 3, aliases: ['major', 'latest'] } })

  yield* family({
    name: 'redis',
    description: 'An in-memory data store used as a cache, database and message broker',
    licenses: 'BSD-3-Clause',
    now,
    minors: { '6.2': 4, '7.0': 4, 7.2: 5, 7.4: 3 },
    span: { first: 710, last: 9 },
    base: alpine,
    platforms: ['linux/amd64', 'linux/arm64', 'linux/386', 'linux/s390x'],
    steps: ({ version }, platform) => [
      classic('addgroup -S -g 1000 redis && adduser -S -G redis -u 999 redis', layer('redis user', { 'etc/group': text('root:x:0:\nredis:x:1000:\n') })),
      env(`REDIS_VERSION=${version}`),
      run(`set -eux; wget -O redis.tar.gz "$REDIS_DOWNLOAD_URL"; make -C /usr/src/redis -j "$(nproc)" all; make -C /usr/src/redis install; redis-server --version`, `redis ${version} ${platform}`, () => ({
        'usr/local/bin/redis-server': program(`redis ${version} ${platform}`, 52_000),
        'usr/local/bin/redis-cli': program(`redis-cli ${version} ${platform}`, 12_000),
      })),
      volume('/data'),
      expose('6379/tcp'),
      cmd('redis-server'),
    ],
    config: ({ version }) => ({ Env: [`REDIS_VERSION=${version}`], ExposedPorts: { '6379/tcp': {} }, Volumes: { '/data': {} }, WorkingDir: '/data', Cmd: ['redis-server'] }),
  })

  // Docker's own media types: a manifest list over schema 2 images.
  yield* family({
    name: 'node',
    description: 'A JavaScript runtime built on V8',
    licenses: 'MIT',
    now,
    minors: { 18.19: 1, '18.20': 3, 20.11: 2, 20.18: 3, 22.11: 1, 22.14: 2 },
    span: { first: 690, last: 15 },
    base: null,
    docker: true,
    platforms: ['linux/amd64', 'linux/arm64'],
    steps: ({ version }, platform) => [
      { createdBy: `/bin/sh -c #(nop) ADD file:6c4a2a0a2cc1 in / `, layer: layer(`node root ${platform}`, () => ({ 'bin/bash': program(`node bash ${platform}`, 42_000), 'etc/debian_version': text('12.8\n') })) },
      nop('CMD ["bash"]'),
      nop(`ENV NODE_VERSION=${version}`),
      classic(`ARCH= && dpkgArch="$(dpkg --print-architecture)" && curl -fsSLO --compressed "https://mirror.example.com/node/v$NODE_VERSION/node-v$NODE_VERSION-linux-${DEB[platform]}.tar.xz"`, layer(`node ${version} ${platform}`, () => ({
        'usr/local/bin/node': program(`node ${version} ${platform}`, 150_000),
        'usr/local/lib/node_modules/npm/package.json': text(JSON.stringify({ name: 'npm', version: '10.9.0' }, null, 2)),
      }))),
      nop('ENTRYPOINT ["docker-entrypoint.sh"]'),
      nop('CMD ["node"]'),
    ],
    config: ({ version }) => ({ Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', `NODE_VERSION=${version}`], Entrypoint: ['docker-entrypoint.sh'], Cmd: ['node'] }),
  })

  // Docker's schema 2, one platform, no index.
  yield* family({
    name: 'nginx',
    description: 'A web server, reverse proxy and load balancer',
    licenses: 'BSD-2-Clause',
    now,
    minors: { 1.25: 3, 1.27: 4 },
    span: { first: 640, last: 44 },
    base: debian,
    docker: true,
    platforms: ['linux/amd64'],
    steps: ({ version }) => [
      nop(`ENV NGINX_VERSION=${version}`),
      classic('set -x && groupadd --system --gid 101 nginx && apt-get install -y nginx=${NGINX_VERSION}', layer(`nginx ${version}`, () => ({
        'usr/sbin/nginx': program(`nginx ${version}`, 64_000),
        'etc/nginx/nginx.conf': text('worker_processes auto;\nevents { worker_connections 1024; }\nhttp { include /etc/nginx/conf.d/*.conf; }\n'),
        'usr/share/nginx/html/index.html': text('<!doctype html><title>Welcome</title><h1>It works</h1>\n'),
      }))),
      nop('EXPOSE 80'),
      nop('STOPSIGNAL SIGQUIT'),
      nop('CMD ["nginx" "-g" "daemon off;"]'),
    ],
    config: ({ version }) => ({
      Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', `NGINX_VERSION=${version}`],
      ExposedPorts: { '80/tcp': {} },
      Cmd: ['nginx', '-g', 'daemon off;'],
      StopSignal: 'SIGQUIT',
      Healthcheck: { Test: ['CMD-SHELL', 'curl -fs http://localhost/ || exit 1'], Interval: 30 * SECOND, Timeout: 3 * SECOND, Retries: 3 },
    }),
  })
}
