// Changing registries: 1,000 tags deleted, beside a loop of regctl; 5 GB copied, beside skopeo. Real docker-registries on this machine.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Publisher } from '../scripts/lib/publish.mjs'
import { freePort, startRegistry } from '../scripts/lib/registry.mjs'
import { small } from '../scripts/lib/content/team.mjs'
import { json, pause, product, resident, work } from './programs.mjs'
import { note, row } from './report.mjs'

const TAGS = Number(process.env.TAGS ?? 1000)
// It takes two seconds for each: a part of them tells as much.
const THEIRS = Math.min(TAGS, Number(process.env.THEIRS ?? 50))
const GIGABYTES = Number(process.env.GIGABYTES ?? 5)

/** The product beside registries by name, once it is in step with all of them. */
async function startBeside(registries) {
  const folder = mkdtempSync(join(work, 'changes-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const sections = Object.entries(registries).map(([name, at]) => `[[registry]]\nname = "${name}"\nurl = "${at}"\ncrawl = "24h"\n`)
  writeFileSync(join(folder, 'supercargo.toml'), [`listen = "127.0.0.1:${port}"`, `data = ${JSON.stringify(folder)}`, '', ...sections].join('\n'))
  const log = openSync(join(folder, 'log'), 'w')
  const child = spawn(product, ['serve', '--config', join(folder, 'supercargo.toml')], { stdio: ['ignore', log, log], env: { PATH: process.env.PATH } })
  const orphan = () => child.kill('SIGKILL')
  process.once('exit', orphan)
  const deadline = Date.now() + 300_000
  for (;;) {
    const states = await json(`${url}/api/v1/registries`).then((all) => all.map((r) => r.state), () => ['starting'])
    if (states.every((state) => state === 'fresh')) break
    if (Date.now() > deadline || child.exitCode !== null) throw new Error(`the product is not in step: ${states}`)
    await pause(100)
  }
  const stop = async () => {
    child.kill('SIGTERM')
    await new Promise((done) => child.once('exit', done))
    process.off('exit', orphan)
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, pid: child.pid, stop }
}

const post = async (url, body) => {
  const answer = await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })
  const said = await answer.json()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${JSON.stringify(said)}`)
  return said
}

/** Plans, confirms and waits; milliseconds from the question to the end, and the most memory meanwhile. */
async function change(server, intent) {
  const begun = performance.now()
  const plan = await post(`${server.url}/api/v1/plans`, intent)
  const planned = performance.now() - begun
  let job = await post(`${server.url}/api/v1/jobs`, { plan: plan.id, confirm: plan.confirm })
  let most = 0
  while (!['done', 'failed', 'cancelled'].includes(job.state)) {
    most = Math.max(most, resident(server.pid))
    await pause(20)
    job = await json(`${server.url}/api/v1/jobs/${job.id}`)
  }
  if (job.state !== 'done') throw new Error(`the job ${job.state}: ${JSON.stringify(job.problems)}`)
  return { took: performance.now() - begun, planned, most }
}

const has = (program) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0

async function deleting() {
  const storage = mkdtempSync(join(work, 'delete-'))
  const registry = await startRegistry({ storage, deletes: true })
  try {
    const publisher = new Publisher(registry.url)
    for (const repository of ['bench/ours', 'bench/theirs']) {
      for (let n = 0; n < TAGS; n += 1) await publisher.push(repository, await small(`${repository} ${n}`), [`t${n}`])
      // Every tenth image has a second name, which must live.
      for (let n = 0; n < TAGS; n += 10) await publisher.push(repository, await small(`${repository} ${n}`), [`keep${n}`])
    }
    const server = await startBeside({ local: registry.url })
    const refs = Array.from({ length: TAGS }, (_, n) => `local/bench/ours:t${n}`)
    const ours = await change(server, { action: 'delete', refs })
    await server.stop()
    const { tags } = await json(`${registry.url}/v2/bench/ours/tags/list`)
    const wrong = tags.length - TAGS / 10 + tags.filter((tag) => !tag.startsWith('keep')).length
    note(`delete: plan after ${ours.planned.toFixed(0)} ms, all ${TAGS} after ${(ours.took / 1000).toFixed(2)} s, ${wrong} wrong`)
    if (!has('regctl')) {
      row(`delete of ${TAGS} tags, docker-registry 2.8.2 (regctl is not installed)`, `${(ours.took / 1000).toFixed(2)} s, ${wrong} wrong`, '≥ 3 × regctl, 0 wrong', null)
      return
    }
    const host = new URL(registry.url).host
    const begun = performance.now()
    const loop = `for n in $(seq 0 ${THEIRS - 1}); do regctl --host reg=${host},tls=disabled tag rm ${host}/bench/theirs:t$n; done`
    execFileSync('sh', ['-c', loop], { stdio: ['ignore', 'ignore', 'inherit'] })
    const theirs = ((performance.now() - begun) * TAGS) / THEIRS
    note(`delete: regctl took ${(theirs / TAGS).toFixed(0)} ms for each of ${THEIRS} tags`)
    const ratio = theirs / ours.took
    row(`delete of ${TAGS} tags, docker-registry 2.8.2, beside a loop of regctl tag rm`, `${(ours.took / 1000).toFixed(2)} s against ${(theirs / 1000).toFixed(1)} s: ${ratio.toFixed(1)} ×, ${wrong} wrong`, '≥ 3 ×, 0 wrong', ratio >= 3 && wrong === 0)
  } finally {
    await registry.stop()
    rmSync(storage, { recursive: true, force: true })
  }
}

/** Puts a blob of random bytes into a registry, as it is made; returns its digest. */
async function putRandom(url, repository, bytes) {
  const piece = Buffer.alloc(16 << 20)
  const hash = createHash('sha256')
  let { location } = await begun(url, repository)
  for (let sent = 0; sent < bytes; sent += piece.length) {
    randomFillSync(piece)
    hash.update(piece)
    const answer = await fetch(location, { method: 'PATCH', body: piece, headers: { 'content-type': 'application/octet-stream' } })
    if (answer.status !== 202) throw new Error(`PATCH answered ${answer.status}`)
    location = new URL(answer.headers.get('location'), url).href
  }
  const digest = `sha256:${hash.digest('hex')}`
  const ended = await fetch(`${location}&digest=${digest}`, { method: 'PUT' })
  if (ended.status !== 201) throw new Error(`PUT answered ${ended.status}`)
  return digest
}
async function begun(url, repository) {
  const answer = await fetch(`${url}/v2/${repository}/blobs/uploads/`, { method: 'POST' })
  return { location: new URL(answer.headers.get('location'), url).href }
}

async function copying() {
  const folders = [0, 1, 2].map(() => mkdtempSync(join(work, 'copy-')))
  const [from, ours, theirs] = await Promise.all(folders.map((storage) => startRegistry({ storage, deletes: true })))
  try {
    const layer = 1 << 30
    const layers = []
    for (let n = 0; n < GIGABYTES; n += 1) layers.push(await putRandom(from.url, 'bench/big', layer))
    const config = Buffer.from(JSON.stringify({ os: 'linux', architecture: 'amd64', config: {}, rootfs: { type: 'layers', diff_ids: layers } }))
    const configDigest = `sha256:${createHash('sha256').update(config).digest('hex')}`
    const { location } = await begun(from.url, 'bench/big')
    await fetch(`${location}&digest=${configDigest}`, { method: 'PUT', body: config })
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: configDigest, size: config.length },
      layers: layers.map((digest) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest, size: layer })),
    })
    await fetch(`${from.url}/v2/bench/big/manifests/1`, { method: 'PUT', body: manifest, headers: { 'content-type': 'application/vnd.oci.image.manifest.v1+json' } })

    const server = await startBeside({ from: from.url, to: ours.url })
    await pause(2000)
    const before = resident(server.pid)
    const copied = await change(server, { action: 'copy', from: 'from/bench/big:1', to: 'to/bench/big:1' })
    await server.stop()
    const began = performance.now()
    execFileSync('skopeo', ['copy', '--quiet', '--preserve-digests', '--src-tls-verify=false', '--dest-tls-verify=false', `docker://${new URL(from.url).host}/bench/big:1`, `docker://${new URL(theirs.url).host}/bench/big:1`], { stdio: ['ignore', 'ignore', 'inherit'] })
    const took = performance.now() - began
    const [rate, peer] = [copied.took, took].map((ms) => (GIGABYTES * layer) / ms / 1000)
    const grown = (copied.most - before) / 1e6
    row(`copy of ${GIGABYTES} GB between two docker-registries, beside skopeo copy`, `${rate.toFixed(0)} MB/s against ${peer.toFixed(0)} MB/s: ${((100 * rate) / peer).toFixed(0)} %`, '≥ 90 %', rate >= 0.9 * peer)
    row('… memory of the server grows by', `${grown.toFixed(1)} MB`, '≤ 30 MB', grown <= 30)
  } finally {
    await Promise.all([from, ours, theirs].map((registry) => registry.stop()))
    for (const folder of folders) rmSync(folder, { recursive: true, force: true })
  }
}

await deleting()
await copying()
