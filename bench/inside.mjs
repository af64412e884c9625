// What needs no browser: the Rust program `bench` measures a first crawl and the search, in one process with the server's own functions.
// Its lines say what they measured and what must be reached; here they become rows.
import { execFileSync } from 'node:child_process'
import { inside } from './programs.mjs'
import { note, row } from './report.mjs'

const part = process.argv[2]
const said = execFileSync(inside, [part], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 24 })
for (const line of said.trim().split('\n')) note(`${part}: ${line.trim()}`)

const number = (pattern) => {
  const found = pattern.exec(said)
  if (!found) throw new Error(`bench ${part} did not say ${pattern}`)
  return Number(found[1].replaceAll(',', ''))
}
if (part === 'crawl') {
  const rate = number(/([\d,.]+) manifests\/s/)
  row('first crawl, 10,000 repositories × 5 tags, fake registry in the same process', `${rate.toLocaleString('en')} manifests/s`, '≥ 1,000 manifests/s', rate >= 1000)
  const names = number(/names visible after ([\d.]+) s/)
  row('… all 10,000 names visible', `${names} s`, '≤ 1 s', names <= 1)
} else {
  const half = number(/search over 1,?000,?000 tags: p50 ([\d.]+) ms/)
  const late = number(/search over 1,?000,?000 tags: p50 [\d.]+ ms, p99 ([\d.]+) ms/)
  row('search over 1,000,000 tags, inside the server', `p50 ${half} ms, p99 ${late} ms`, 'p50 ≤ 2 ms, p99 ≤ 10 ms', half <= 2 && late <= 10)
  const memory = number(/tags loaded in .* ([\d.]+) MB \(/)
  row('… index of 1,000,000 tags, resident', `${memory} MB`, '≤ 400 MB', memory <= 400)
}
