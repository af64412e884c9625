// Every kind of list with 1,000,000 tags known and 50 clients that never rest, as browsers ask: all their codings accepted.
import { CODINGS, load, needWrk } from './load.mjs'
import { database, json, resident, startProduct } from './programs.mjs'
import { note, row } from './report.mjs'

needWrk()
const seconds = Number(process.env.DURATION ?? 6)
const server = await startProduct({ file: database(20_000, 50) })
try {
  const { items } = await json(`${server.url}/api/v1/repositories?limit=1000&sort=name`)
  const names = items.filter((_, place) => place % 10 === 0).map((item) => item.repository)
  const words = names.map((name) => name.split('/')[1])
  const deep = []
  let after = ''
  for (let n = 0; n < 40; n += 1) {
    const list = await json(`${server.url}/api/v1/repositories?sort=-size&limit=500${after}`)
    if (!list.next) break
    after = `&after=${encodeURIComponent(list.next)}`
    deep.push(`/?sort=-size${after}`)
  }
  const sorts = ['-pushed', 'pushed', 'name', '-name', '-size', 'size', '-tags', '-updated']
  const kinds = {
    'catalogue, every order': sorts.map((sort) => `/?sort=${sort}`),
    'catalogue, deep pages': deep,
    'catalogue, filtered by a word': words.map((word) => `/?q=${word.slice(0, 4)}`),
    'catalogue, filtered by fields': names.flatMap((name, n) => [`/?q=${encodeURIComponent(`label:team=payments ${name.slice(0, 3)}`)}`, `/?q=${encodeURIComponent(`arch:arm64 tag:v2.* size:>${n}MB`)}`]),
    'repository of 50 tags': names.map((name) => `/r/local/${name}`),
    'search page': words.flatMap((word) => [`/search?q=${word}`, `/search?q=${word.slice(0, 3)}`]),
    'API: repositories': sorts.map((sort) => `/api/v1/repositories?sort=${sort}`),
    'API: tags': names.map((name) => `/api/v1/tags?ref=local/${name}`),
    'API: search': words.map((word) => `/api/v1/search?q=${word}&limit=12`),
  }
  const seen = {}
  for (const [kind, paths] of Object.entries(kinds)) {
    await load(server, paths, { seconds: 1, coding: CODINGS })
    seen[kind] = await load(server, paths, { seconds, coding: CODINGS })
    const { rate, p50, p99, max, cost, each } = seen[kind]
    note(`lists: ${kind}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(0)} ms, ${rate.toFixed(0)} requests/s, ${cost.toFixed(2)} ms of processor and ${(each / 1000).toFixed(1)} kB each`)
  }
  const [worst, { p99 }] = Object.entries(seen).sort(([, a], [, b]) => b.p99 - a.p99)[0]
  const pages = Object.keys(seen).length
  row(`any list, 1,000,000 tags, 50 clients: the worst p99 of ${pages} kinds (${worst})`, `${p99.toFixed(1)} ms`, '≤ 50 ms', p99 <= 50)
  row('… kinds within 50 ms', `${Object.values(seen).filter((s) => s.p99 <= 50).length} of ${pages}`, '', null)
  row('… memory of the server afterwards', `${(resident(server.pid) / 1e6).toFixed(0)} MB`, '', null)
} finally {
  await server.stop()
}
