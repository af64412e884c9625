// The distributions everything else stands on. Their layers are shared by every image that names them.
import { index } from '../image.mjs'
import { layer, program, symlink, text } from '../layer.mjs'
import { build, nop, releases } from './history.mjs'

export const TRIPLE = {
  'linux/amd64': 'x86_64-linux-gnu',
  'linux/arm64': 'aarch64-linux-gnu',
  'linux/arm/v7': 'arm-linux-gnueabihf',
  'linux/386': 'i386-linux-gnu',
  'linux/ppc64le': 'powerpc64le-linux-gnu',
  'linux/s390x': 's390x-linux-gnu',
}
export const DEB = { 'linux/amd64': 'amd64', 'linux/arm64': 'arm64', 'linux/arm/v7': 'armhf', 'linux/386': 'i386', 'linux/ppc64le': 'ppc64el', 'linux/s390x': 's390x' }

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const PASSWD = `root:x:0:0:root:/root:/bin/bash
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
`

const debianRoot = (version, platform) => {
  const lib = `usr/lib/${TRIPLE[platform]}`
  const seed = `debian ${version} ${platform}`
  return {
    bin: symlink('usr/bin'),
    lib: symlink('usr/lib'),
    'etc/os-release': text(`PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nVERSION_ID="12"\nVERSION="12 (bookworm)"\nID=debian\n`),
    'etc/debian_version': text(`${version}\n`),
    'etc/passwd': text(PASSWD),
    'etc/apt/sources.list.d/debian.sources': text('Types: deb\nURIs: http://deb.debian.org/debian\nSuites: bookworm bookworm-updates\nComponents: main\n'),
    'usr/bin/bash': program(`${seed} bash`, 60_000),
    'usr/bin/sh': symlink('dash'),
    'usr/bin/dash': program(`${seed} dash`, 9_000),
    'usr/bin/apt': program(`${seed} apt`, 14_000),
    'usr/bin/passwd': { ...program(`${seed} passwd`, 5_000), mode: 0o4755 },
    [`${lib}/libc.so.6`]: program(`${seed} libc`, 110_000),
    [`${lib}/libcrypto.so.3`]: program(`${seed} crypto`, 48_000),
    'usr/share/doc/bash/copyright': text('This is GNU Bash. It is free software under the GNU General Public License, version 3 or later.\n'.repeat(40)),
    'var/lib/dpkg/status': text(
      ['base-files', 'bash', 'dash', 'libc6', 'libssl3', 'apt', 'coreutils', 'util-linux']
        .map((name) => `Package: ${name}\nStatus: install ok installed\nArchitecture: ${DEB[platform]}\nVersion: ${version}-1\n`)
        .join('\n'),
    ),
    'tmp/': { type: 'directory', mode: 0o1777 },
  }
}

const alpineRoot = (version, platform) => {
  const seed = `alpine ${version} ${platform}`
  return {
    'bin/busybox': program(`${seed} busybox`, 34_000),
    'bin/sh': symlink('/bin/busybox'),
    'bin/ls': symlink('/bin/busybox'),
    'etc/alpine-release': text(`${version}\n`),
    'etc/os-release': text(`NAME="Alpine Linux"\nID=alpine\nVERSION_ID=${version}\nPRETTY_NAME="Alpine Linux v${version.replace(/\.\d+$/, '')}"\n`),
    'etc/passwd': text('root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n'),
    'lib/ld-musl.so.1': program(`${seed} musl`, 24_000),
    'lib/apk/db/installed': text(['alpine-baselayout', 'busybox', 'musl', 'apk-tools'].map((name) => `P:${name}\nV:${version}-r0\n`).join('\n')),
    'tmp/': { type: 'directory', mode: 0o1777 },
  }
}

const describe = (title, version, description) => ({
  'org.opencontainers.image.title': title,
  'org.opencontainers.image.version': version,
  'org.opencontainers.image.description': description,
  'org.opencontainers.image.licenses': 'GPL-2.0-or-later',
  'org.opencontainers.image.source': `https://git.example.com/library/${title}`,
})

/** `{name, repository, description, releases: [{version, days, created, tags, images: {platform: image}, index}]}` of a distribution. */
async function distribution({ name, description, now, minors, platforms, root, words, command, span }) {
  const list = releases(name, now, minors, span)
  for (const release of list) {
    const { version, created } = release
    const images = await Promise.all(
      platforms.map((platform) =>
        build({
          platform,
          created,
          steps: [{ createdBy: words(version, platform), layer: layer(`${name} ${version} ${platform}`, () => root(version, platform)) }, nop(`CMD ["${command}"]`)],
          config: { Env: [PATH], Cmd: [command] },
        }),
      ),
    )
    release.images = Object.fromEntries(platforms.map((platform, place) => [platform, images[place]]))
    release.index = index(images, { annotations: describe(name, version, description) })
  }
  return { name, repository: `library/${name}`, description, releases: list }
}

export const debian = (now) =>
  distribution({
    name: 'debian',
    description: 'Debian is a Linux distribution that is composed entirely of free and open source software',
    now,
    minors: { 12: 11 },
    platforms: ['linux/amd64', 'linux/arm64', 'linux/arm/v7'],
    root: debianRoot,
    words: (version, platform) => `# debian.sh --arch '${DEB[platform]}' out/ 'bookworm' '${version}'`,
    command: 'bash',
    span: { first: 760, last: 12, aliases: ['major', 'latest'] },
  })

export const alpine = (now) =>
  distribution({
    name: 'alpine',
    description: 'A minimal image based on Alpine Linux with a complete package index',
    now,
    minors: { 3.19: 4, '3.20': 4, 3.21: 3, 3.22: 2 },
    platforms: Object.keys(TRIPLE),
    root: alpineRoot,
    words: (version, platform) => `ADD alpine-minirootfs-${version}-${DEB[platform]}.tar.gz / # buildkit`,
    command: '/bin/sh',
    span: { first: 740, last: 20 },
  })
