// Warm pages against an empty handler of the same server: /healthz, which goes through the same layers and answers `ok`. Rounds are
// interleaved, so that whatever else the machine does falls on all alike.
import { CODINGS, load, needWrk } from './load.mjs'
import { database, json, startProduct } from './programs.mjs'
import { median, note, row, spread } from './report.mjs'

needWrk()
const ROUNDS = Number(process.env.ROUNDS ?? 7)
const seconds = Number(process.env.DURATION ?? 2)

async function against(name, file, path, percent) {
  const server = await startProduct({ file })
  try {
    const address = await path(server)
    const rows = ((await (await fetch(server.url + address)).text()).match(/<tr[ >]/g) ?? []).length - 1
    const rounds = []
    const one = (paths, coding) => load(server, paths, { clients: 16, seconds, coding })
    await one([address])
    for (let n = 0; n < ROUNDS; n += 1) rounds.push({ empty: await one(['/healthz']), page: await one([address]), packed: await one([address], CODINGS) })
    const ratio = rounds.map(({ empty, page }) => (100 * page.rate) / empty.rate)
    const packed = rounds.map(({ empty, packed }) => (100 * packed.rate) / empty.rate)
    row(`${name} (${rows} rows), requests/s of an empty handler’s`, `${spread(ratio, 2)} %`, `≥ ${percent} %`, median(ratio) >= percent)
    row('… as browsers ask, compressed', `${spread(packed, 2)} %`, '', null)
    const told = (what, pick) => `${what} ${median(rounds.map((r) => pick(r).rate)).toFixed(0)}/s at ${median(rounds.map((r) => pick(r).cost)).toFixed(3)} ms of processor`
    note(`ratio: ${name}: ${told('empty', (r) => r.empty)}; ${told('page', (r) => r.page)}, ${(rounds[0].page.each / 1000).toFixed(0)} kB; ${told('compressed', (r) => r.packed)}, ${(rounds[0].packed.each / 1000).toFixed(1)} kB`)
  } finally {
    await server.stop()
  }
}

await against('warm catalogue page', database(10_000, 5), () => '/', 6)
await against('warm page of a repository', database(10, 5000), async ({ url }) => `/r/local/${(await json(`${url}/api/v1/repositories?limit=1`)).items[0].repository}?limit=1000`, 1)
