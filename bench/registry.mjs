// Our own registry beside docker-registry 2.8, registry v3 and zot, in one run. All of it, or the pieces that are named, here or in PIECES.
import { adopt } from './registry/adopt.mjs'
import { begin } from './registry/begin.mjs'
import { lists } from './registry/lists.mjs'
import { manifests } from './registry/manifests.mjs'
import { memory } from './registry/memory.mjs'
import { pulls } from './registry/pulls.mjs'
import { pushes } from './registry/pushes.mjs'
import { tellPrograms } from './registry/servers.mjs'
import { writes } from './registry/writes.mjs'

const pieces = { manifests, pulls, pushes, writes, lists, begin, memory, adopt }
const named = [...process.argv.slice(2), ...(process.env.PIECES ?? '').split(/[ ,]+/).filter(Boolean)]
const unknown = named.filter((name) => !pieces[name])
if (unknown.length > 0) throw new Error(`There is no piece ${unknown.join(', ')}; there are ${Object.keys(pieces).join(', ')}.`)

tellPrograms()
let failed = false
for (const name of named.length > 0 ? named : Object.keys(pieces)) {
  try {
    await pieces[name]()
  } catch (error) {
    failed = true
    process.stderr.write(`registry: ${name} could not be measured: ${error.message}\n`)
  }
}
process.exit(failed ? 1 : 0)
