// Requests per second and their times, by wrk: one thread, connections kept open, the next request as soon as the last was answered.
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { processor, root, work } from './programs.mjs'

/** What Chromium and Firefox accept. */
export const CODINGS = 'gzip, deflate, br, zstd'

export function needWrk() {
  try {
    execFileSync('wrk', ['-v'], { stdio: 'ignore' })
  } catch (error) {
    // It answers -v with status 1.
    if (error.code === 'ENOENT') throw new Error('wrk is missing: on Debian, apt-get install wrk')
  }
}

/** Asks for `paths` in turn. Times are milliseconds; `cost` is the server's processor time for one request, in milliseconds. */
export async function load(server, paths, { clients = 50, seconds = 5, coding, accept } = {}) {
  const folder = mkdtempSync(join(work, 'load-'))
  try {
    const file = join(folder, 'paths')
    writeFileSync(file, `${paths.join('\n')}\n`)
    const before = processor(server.pid)
    const words = ['-t1', `-c${clients}`, `-d${seconds}s`, '--timeout', '30s', '-s', join(root, 'bench/paths.lua'), ...(coding ? ['-H', `Accept-Encoding: ${coding}`] : []), ...(accept ? ['-H', `Accept: ${accept}`] : []), server.url]
    const child = spawn('wrk', words, { env: { ...process.env, PATHS: file }, stdio: ['ignore', 'pipe', 'inherit'] })
    let said = ''
    child.stdout.on('data', (chunk) => (said += chunk))
    const status = await new Promise((done) => child.once('close', done))
    const found = /^\{.*\}$/m.exec(said)
    if (status !== 0 || !found) throw new Error(`wrk ended with status ${status}: ${said}`)
    const seen = JSON.parse(found[0])
    if (seen.faults > 0) throw new Error(`${seen.faults} of ${seen.requests} requests failed (${paths[0]})`)
    return { ...seen, rate: seen.requests / seen.seconds, each: seen.bytes / seen.requests, cost: ((processor(server.pid) - before) * 1000) / seen.requests }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
