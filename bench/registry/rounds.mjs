// Rounds over several servers, and what ours came to against each within a round.
import { spawn } from 'node:child_process'
import { inside } from '../programs.mjs'
import { median, note, row, spread } from '../report.mjs'
import { OURS } from './servers.mjs'

export const ROUNDS = Number(process.env.ROUNDS ?? 3)

/** `bench load …`; what it prints. */
export function bench(...words) {
  const child = spawn(inside, ['load', ...words.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let complained = ''
  child.stdout.on('data', (chunk) => (said += chunk))
  child.stderr.on('data', (chunk) => (complained += chunk))
  return new Promise((done, fail) =>
    child.once('close', (status) => (status === 0 ? done(said.trim()) : fail(new Error(`bench load ${words.join(' ')}: ${complained.trim()}`)))),
  )
}

/** Load on one server: what it came to, `cost` the server's processor time for one request and `work` for a megabyte, in milliseconds. */
export async function loaded(server, verb, ...words) {
  const before = server.processor()
  const seen = JSON.parse(await bench(verb, server.address, ...words))
  const spent = (server.processor() - before) * 1000
  return { ...seen, rate: seen.requests / seen.seconds, speed: seen.bytes / seen.seconds / 1e6, busy: seen.own / 10 / seen.seconds, cost: spent / seen.requests, work: spent / (seen.bytes / 1e6) }
}

/** All servers in every round, each round beginning with another: whatever else the machine does falls on all alike. */
export async function interleaved(servers, one, rounds = ROUNDS) {
  const seen = new Map(servers.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < servers.length; turn += 1) {
      const server = servers[(round + turn) % servers.length]
      seen.get(server.name).push(await one(server, round))
    }
  }
  return seen
}

/** Ours by theirs, round by round; null where they are not there. `less` turns it round, for times. */
export const against = (seen, peer, pick, { less = false } = {}) => {
  const theirs = seen.get(peer)
  return theirs ? seen.get(OURS).map((own, round) => (less ? pick(theirs[round]) / pick(own) : pick(own) / pick(theirs[round]))) : null
}

/**
 * One measure: `told` is ours in words; `ratios` is `[{ratios, peer, least, most}]`, of which each must reach `least` or stay under `most`; `also`
 * are bounds of other kinds: `[{value, text, must, met}]`. What a missing peer would tell is left open.
 */
export function compare(measure, told, ratios, also = []) {
  const parts = [told]
  const must = []
  let met = true
  for (const { ratios: all, peer, what = '', least, most } of ratios) {
    const bound = least === undefined ? `≤ ${most} ×` : `≥ ${least} ×`
    must.push(`${bound} ${peer}${what}`)
    if (!all) {
      parts.push(`no ${peer}`)
      met = met === false ? false : null
      continue
    }
    parts.push(`${spread(all, Math.max(...all) < 10 ? 2 : 1)} × ${peer}${what}`)
    if (least === undefined ? median(all) > most : median(all) < least) met = false
  }
  for (const { text, must: bound, met: reached } of also) {
    parts.push(text)
    if (bound) must.push(bound)
    if (!reached) met = false
  }
  row(measure, parts.filter(Boolean).join('; '), must.join(', '), met)
}

/** The medians of all servers, as a note; and how busy the load was at most: near 100 % of one processor it was the bound. */
export function all(measure, seen, word) {
  const each = [...seen].map(([name, rounds]) => `${name} ${word((pick) => median(rounds.map(pick)))}`)
  const busy = Math.max(0, ...[...seen.values()].flat().map((round) => round.busy ?? 0))
  note(`registry: ${measure}: ${each.join('; ')}${busy > 0 ? ` (the load: up to ${busy.toFixed(0)} % of a processor)` : ''}`)
}
