// The example registry's content: about 25 repositories and 350 tags over two years, the same in every run for one `now`.
import { alpine, debian } from './content/bases.mjs'
import { artifacts } from './content/artifacts.mjs'
import { charts } from './content/charts.mjs'
import { library } from './content/library.mjs'
import { abandoned, quirks } from './content/quirks.mjs'
import { small, team } from './content/team.mjs'

/** Fills a registry. `report` is told `{repositories, tags}` as they grow. */
export async function fill(publisher, now, report = () => {}) {
  const bases = { debian: await debian(now), alpine: await alpine(now) }
  const repositories = new Set()
  let tags = 0
  const pending = new Set()
  for (const source of [library(now, bases), team(now, bases), charts(now), artifacts(now), quirks(now)]) {
    for await (const { repository, manifest, tags: names } of source) {
      // Making the next image overlaps with pushing these; more than a few at once would only hold memory.
      while (pending.size >= 12) await Promise.race(pending)
      const pushed = publisher.push(repository, manifest, names).then(() => {
        pending.delete(pushed)
        repositories.add(repository)
        tags += names.length
        report({ repositories: repositories.size, tags })
      })
      pending.add(pushed)
    }
  }
  await Promise.all(pending)
  await publisher.blob(abandoned.repository, abandoned.content)
  return { repositories: repositories.size, tags }
}

/**
 * One repository with very many tags: `count` tags `v0.0.0` … over `distinct` small images, each named by several tags.
 * The newest image is also `latest`.
 */
export async function fillMany(publisher, repository, now, { count = 5000, distinct = 500, report = () => {} } = {}) {
  let tags = 0
  const per = Math.ceil(count / distinct)
  for (let place = 0; place < distinct; place += 1) {
    const created = new Date(now - (distinct - place) * 6 * 3_600_000).toISOString()
    const manifest = await small(`${repository} ${place}`, { created, bytes: 200 + place })
    const names = []
    for (let number = place * per; number < Math.min(count, (place + 1) * per); number += 1) names.push(versionOf(number))
    if (place === distinct - 1) names.push('latest')
    await publisher.push(repository, manifest, names)
    tags += names.length
    report({ repositories: 1, tags })
  }
  return { repositories: 1, tags }
}

/** The version that stands at place `number`: 20 patches a minor, 25 minors a major. */
export const versionOf = (number) => `v${Math.floor(number / 500)}.${Math.floor(number / 20) % 25}.${number % 20}`
