// docker-registry-ui, where its released files lie in target/bench/peers/docker-registry-ui (its repository at the tag 2.6.0): served
// as its image does, without compression, beside the registry on the same origin, with the settings its documentation recommends.
import { existsSync, readFileSync, statSync } from 'node:fs'
import { Agent, createServer, request } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { work } from './programs.mjs'

const folder = join(work, 'peers/docker-registry-ui/dist')
const types = { '.html': 'text/html', '.js': 'application/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.woff2': 'font/woff2', '.woff': 'font/woff', '.ttf': 'font/ttf', '.json': 'application/json' }
const settings = { SINGLE_REGISTRY: 'true', DELETE_IMAGES: 'false', SHOW_CONTENT_DIGEST: 'true', SHOW_CATALOG_NB_TAGS: 'false', REGISTRY_TITLE: 'local', TAGLIST_PAGE_SIZE: '100' }

/** Null where its files are not there. `registry` may be an address that counts. */
export async function startPeer(registry) {
  if (!existsSync(folder)) return null
  const agent = new Agent({ keepAlive: true })
  const page = readFileSync(join(folder, 'index.html'), 'utf8').replace(/\$\{(\w+)\}/g, (_, name) => settings[name] ?? '')
  const server = createServer((from, to) => {
    const { pathname } = new URL(from.url, 'http://local')
    if (pathname.startsWith('/v2/')) {
      const asked = request(registry + from.url, { method: from.method, headers: from.headers, agent }, (answer) => {
        to.writeHead(answer.statusCode, answer.headers)
        answer.pipe(to)
      })
      asked.on('error', () => to.destroy())
      from.pipe(asked)
      return
    }
    const file = join(folder, normalize(pathname))
    if (pathname === '/') to.writeHead(200, { 'content-type': 'text/html' }).end(page)
    else if (existsSync(file) && statSync(file).isFile()) to.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(readFileSync(file))
    else to.writeHead(404).end()
  })
  await new Promise((done) => server.listen(0, '127.0.0.1', done))
  const stop = () => {
    server.closeAllConnections()
    agent.destroy()
    return new Promise((done) => server.close(done))
  }
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    /** The address of a repository's page. */
    repository: (name) => `http://127.0.0.1:${server.address().port}/#!/taglist/${name}`,
    catalogue: 'catalog-element',
    tags: 'tag-table tbody tr',
    stop,
  }
}
