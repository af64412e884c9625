// Plans over large registries, without any registry: the planner alone, and with the snapshot the catalogue makes for it.
import { execFileSync } from 'node:child_process'
import { root } from './programs.mjs'
import { note, row } from './report.mjs'

const run = (arguments_) =>
  execFileSync('cargo', ['run', '--quiet', '--release', ...arguments_], { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 24 })
/** Milliseconds that a line with these words tells. */
const milliseconds = (said, pattern) => {
  const found = pattern.exec(said)
  if (!found) throw new Error(`the example did not say ${pattern}`)
  return Number(found[1])
}

const planner = run(['--package', 'plan', '--features', 'testing', '--example', 'speed'])
for (const line of planner.trim().split('\n')) note(`plan: ${line}`)
const half = milliseconds(planner, /delete half of its tags: ([\d.]+) ms/)
const wide = milliseconds(planner, /clean up, keep 10 and what is younger than 14 days: ([\d.]+) ms/)
row('plan for a repository of 10,000 tags, 4,000 digests (half of them deleted)', `${half} ms`, '≤ 200 ms', half <= 200)
row('clean-up over 1,000,000 tags, the planner alone', `${wide} ms`, '≤ 2 s', wide <= 2000)

const catalogue = run(['--package', 'catalogue', '--example', 'snapshot_speed'])
for (const line of catalogue.trim().split('\n')) note(`plan: ${line}`)
