// A folder that another registry wrote, taken over: from the start of the process until the catalogue knows every tag of it, its image read.
import { join } from 'node:path'
import { inStep, json } from '../programs.mjs'
import { median, row, spread } from '../report.mjs'
import { ROUNDS, bench } from './rounds.mjs'
import { OURS, place, start } from './servers.mjs'

const [REPOSITORIES, TAGS] = [200, 50]

export async function adopt() {
  const { folder, remove } = place()
  try {
    const rates = []
    for (let round = 0; round < ROUNDS; round += 1) {
      const storage = join(folder, `storage-${round}`)
      await bench('seed', storage, 'distribution', 'team/app', REPOSITORIES, TAGS, TAGS)
      const begun = performance.now()
      const server = await start(OURS, storage)
      await inStep(server, { every: 10 })
      const seconds = (performance.now() - begun) / 1000
      const { total } = await json(`${server.url}/api/v1/repositories?limit=1`)
      const { tags } = await json(`${server.url}/api/v1/registries/local`)
      if (total !== REPOSITORIES || tags !== REPOSITORIES * TAGS) throw new Error(`${total} repositories and ${tags} tags are known`)
      rates.push((REPOSITORIES * TAGS) / seconds)
      await server.stop()
    }
    row('adopting a directory of registry:2, 10,000 tags of as many images', `${spread(rates)} tags/s`, '≥ 5,000 tags/s', median(rates) >= 5000)
  } finally {
    remove()
  }
}
