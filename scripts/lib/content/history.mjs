// When things were released, and the words of a Dockerfile.
import { hex, layer } from '../layer.mjs'
import { image } from '../image.mjs'

const DAY = 86_400_000

/** A number in 0..1 that depends on `seed` alone. */
export const chance = (seed) => Number.parseInt(hex('sha256', seed).slice(0, 8), 16) / 0xffffffff

export const iso = (time) => new Date(time).toISOString().replace('.000Z', 'Z')

/** Whole seconds, so many days (or parts of one) before `now`. */
export const ago = (now, days) => iso(Math.floor((now - days * DAY) / 1000) * 1000)

/**
 * A series of releases, oldest first. `minors` maps `2.14` to its number of patches; the dates run from `first` to `last` days before `now`,
 * a little unevenly. `aliases` are the tags that move: `2.14`, `2` and `latest`.
 */
export function releases(name, now, minors, { first = 730, last = 0.1, prefix = '', aliases = ['minor', 'major', 'latest'] } = {}) {
  const all = Object.entries(minors).flatMap(([minor, patches]) => Array.from({ length: patches }, (_, patch) => ({ minor, version: `${minor}.${patch}` })))
  const newest = (same) => all.findLast(same)
  return all.map((release, place) => {
    const { minor, version } = release
    const major = minor.split('.')[0]
    const share = all.length === 1 ? 1 : place / (all.length - 1)
    const jitter = place === 0 || place === all.length - 1 ? 0 : (chance(`${name}${version}`) - 0.5) * 0.6
    const step = (first - last) / Math.max(1, all.length - 1)
    const days = last + (first - last) * (1 - share) + jitter * step
    const tags = [`${prefix}${version}`]
    if (aliases.includes('minor') && release === newest((other) => other.minor === minor)) tags.push(minor)
    if (aliases.includes('major') && release === newest((other) => other.minor.split('.')[0] === major)) tags.push(major)
    if (aliases.includes('latest') && place === all.length - 1) tags.push('latest')
    return { version, minor, major, place, days, created: ago(now, days), tags, newest: place === all.length - 1 }
  })
}

/** The release of a base that was current `days` before now. */
export const current = (bases, days) => bases.findLast((base) => base.days >= days) ?? bases[0]

const kit = (createdBy, made) => ({ createdBy, comment: 'buildkit.dockerfile.v0', ...(made && { layer: made }) })
export const run = (command, key, files) => kit(`RUN /bin/sh -c ${command} # buildkit`, layer(key, files))
export const copy = (words, key, files) => kit(`COPY ${words} # buildkit`, layer(key, files))
export const workdir = (path) => kit(`WORKDIR ${path}`, layer(`workdir ${path}`, { [`${path.slice(1)}/`]: { type: 'directory', mode: 0o755 } }))
export const env = (words) => kit(`ENV ${words}`)
export const arg = (words) => kit(`ARG ${words}`)
export const user = (words) => kit(`USER ${words}`)
export const expose = (...ports) => kit(`EXPOSE map[${ports.map((port) => `${port}:{}`).join(' ')}]`)
export const volume = (...paths) => kit(`VOLUME [${paths.join(' ')}]`)
export const label = (words) => kit(`LABEL ${words}`)
export const healthcheck = (words) => kit(`HEALTHCHECK &{${words}}`)
export const entrypoint = (...words) => kit(`ENTRYPOINT ${JSON.stringify(words)}`)
export const cmd = (...words) => kit(`CMD ${JSON.stringify(words)}`)
export const shell = (...words) => kit(`SHELL [${words.join(' ')}]`)

/** The older builder's words, which most images of the library still carry. */
export const classic = (createdBy, made) => ({ createdBy: `/bin/sh -c ${createdBy}`, ...(made && { layer: made }) })
export const nop = (words) => ({ createdBy: `/bin/sh -c #(nop)  ${words}` })

/** An image on top of `from`: its history and configuration first, ours after. */
export async function build({ from, steps, created, config, ...rest }) {
  const own = await Promise.all(steps.map(async (step) => ({ created, ...step, layer: await step.layer })))
  const merged = { ...from?.config, ...config }
  if (from?.config?.Env && config?.Env) {
    const name = (word) => word.split('=')[0]
    merged.Env = [...from.config.Env.filter((word) => !config.Env.some((ours) => name(ours) === name(word))), ...config.Env]
  }
  return image({ created, steps: [...(from?.steps ?? []), ...own], config: merged, ...rest })
}

export const SECOND = 1_000_000_000
