// Round trips of the clients people use, and a table of what held. scripts/clients.sh says more.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { content } from './content.mjs'
import { CannotRun, find, shell, version } from './shell.mjs'
import { startSupercargo } from './supercargo.mjs'
import { Wire } from './wire.mjs'

const NAMES = ['docker', 'containerd', 'podman', 'buildah', 'skopeo', 'crane', 'regctl', 'oras', 'helm', 'cosign']
const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !NAMES.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`There is no client ${unknown.join(', ')}; there are ${NAMES.join(', ')}.\n`)
  process.exit(2)
}
const clients = await Promise.all((wanted.length > 0 ? wanted : NAMES).map(async (name) => (await import(`./${name}.mjs`)).default))

let passed = 0
let failed = 0
let missing = 0
const line = (...cells) => process.stdout.write(`| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |\n`)

const folder = mkdtempSync(join(tmpdir(), 'supercargo-clients-'))
const storage = join(folder, 'registry')
mkdirSync(storage)
let registry
try {
  registry = await startSupercargo(storage)
  const made = await content(folder)
  const wire = new Wire(registry.url)
  line('client', 'version', 'step', '', 'why')
  line('---', '---', '---', '---', '---')
  for (const { name, programs, version: words, install, root, steps } of clients) {
    const lacking = programs.filter((program) => !find(program))
    if (lacking.length > 0 || (root && process.getuid() !== 0)) {
      missing += 1
      line(name, '', '', 'not installed', lacking.length > 0 ? `no ${lacking.join(', no ')}: \`${install}\`` : 'needs root')
      continue
    }
    const at = join(folder, name)
    mkdirSync(at)
    const told = version(programs[0], words)
    /** One assertion. What it gives, if anything, is why it holds. */
    const step = async (what, check) => {
      try {
        const why = await check()
        passed += 1
        line(name, told, what, 'ok', why ?? '')
      } catch (error) {
        failed += 1
        line(name, told, what, '**failed**', error.message)
      }
    }
    // A repository of its own for each, so that no one finds what another left.
    await steps({ ...shell(at), step, wire, host: wire.host, made, name }).catch((error) => {
      if (!(error instanceof CannotRun)) return step('prepare', () => Promise.reject(error))
      missing += 1
      line(name, told, '', 'does not run here', error.message)
    })
  }
} catch (error) {
  failed += 1
  process.stderr.write(`${error.message}\n`)
} finally {
  await registry?.stop()
  rmSync(folder, { recursive: true, force: true })
}
process.stdout.write(`\n${passed} passed, ${failed} failed, ${missing} not installed\n`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
