// What registries really hold as well: text that wants to be markup, very long names, no dates, nothing at all.
import { artifact, blob, index } from '../image.mjs'
import { layer, program, text } from '../layer.mjs'
import { ago, build, run } from './history.mjs'

export const HOSTILE = {
  repository: 'quirks/hostile-labels',
  tag: 'latest',
  script: '<script>alert(1)</script>',
}

/** A name of 230 characters: with a host before it, what clients still accept (255). */
export const LONG_NAME = `quirks/${'a-very-long-name-that-somebody-generated/from-a-branch-and-a-pull-request/'.repeat(4)}`.slice(0, 226).replace(/[-/]+$/, '').padEnd(230, 'z')
export const LONG_TAG = `feature-${'the-branch-with-the-longest-name-of-them-all-'.repeat(3)}`.slice(0, 127) + '0'

const plain = (seed, created, more = {}) =>
  build({
    platform: 'linux/amd64',
    created,
    steps: [{ createdBy: 'COPY tool /tool # buildkit', layer: layer(`quirk ${seed}`, () => ({ tool: program(seed, 3000) })) }],
    config: { Cmd: ['/tool'], ...more },
  })

export async function* quirks(now) {
  const created = ago(now, 5)
  const hostile = await build({
    platform: 'linux/amd64',
    created,
    author: '<b onmouseover=alert(1)>author</b>',
    steps: [
      { createdBy: `RUN echo '${HOSTILE.script}' && echo "<img src=x onerror=alert(2)>" # buildkit`, comment: '<!-- --><svg onload=alert(3)>', layer: layer('quirk hostile', { 'etc/<script>alert(4)</script>': text('a file with a rude name\n'), 'etc/new\nline': text('another\n') }) },
      run('printf "\\033[31mred\\033[0m \\u202Eright to left"', 'quirk hostile 2', { 'etc/plain': text('plain\n') }),
    ],
    config: {
      Cmd: ['sh', '-c', `echo "${HOSTILE.script}"`],
      User: '"><script>alert(5)</script>',
      Env: ['PATH=/bin', `EVIL=${HOSTILE.script}`, 'EMPTY=', 'NOEQUALS', `LONG=${'x'.repeat(5000)}`],
      Labels: {
        'org.opencontainers.image.description': `${HOSTILE.script} and <img src=x onerror=alert(6)> "quoted" & 'single' \u202Egpj.exe\u202C end`,
        'org.opencontainers.image.source': 'javascript:alert(7)',
        'org.opencontainers.image.url': 'https://example.com/"onmouseover="alert(8)',
        'org.opencontainers.image.documentation': 'data:text/html,<script>alert(9)</script>',
        'org.opencontainers.image.licenses': '</title></script><script>alert(10)</script>',
        '<script>alert(11)</script>': 'a key that wants to be markup',
        bidi: 'user\u202Enimda\u202C \u2066isolated\u2069 \u200Bzero-width',
        control: 'bell \u0007 escape \u001b[31m null-ish \u0001 end',
        emoji: '👩‍👩‍👧‍👦 漢字 العربية',
        long: 'five thousand characters of one label, without a single place to break: '.concat('y'.repeat(5000 - 72)),
        '{{constructor.constructor("alert(12)")()}}': '${alert(13)}',
      },
    },
    annotations: { '"><svg onload=alert(14)>': '"><svg onload=alert(15)>', 'org.opencontainers.image.ref.name': '../../etc/passwd' },
  })
  yield { repository: HOSTILE.repository, manifest: hostile, tags: [HOSTILE.tag] }

  const long = await plain('long', ago(now, 90), { Labels: { 'org.opencontainers.image.description': 'A repository whose name fills the line, and the next, and the one after that; its description is in no hurry to end either, and goes on for as long as it can without saying anything.' } })
  yield { repository: LONG_NAME, manifest: long, tags: ['1', LONG_TAG] }

  // Reproducible builds carry no true date; some carry one from the future.
  yield { repository: 'quirks/dates', manifest: await plain('epoch', '1970-01-01T00:00:00Z'), tags: ['epoch'] }
  yield { repository: 'quirks/dates', manifest: await plain('year one', '0001-01-01T00:00:00Z'), tags: ['year-one'] }
  yield { repository: 'quirks/dates', manifest: await plain('future', '2099-12-31T23:59:59Z'), tags: ['future'] }
  yield { repository: 'quirks/dates', manifest: await plain('real', ago(now, 30)), tags: ['real'] }

  // An index of indexes, an index that holds a chart, and one that holds nothing.
  const one = { ...(await plain('nested one', ago(now, 60))), annotations: undefined }
  const chart = artifact({ config: blob('application/vnd.cncf.helm.config.v1+json', { apiVersion: 'v2', name: 'inside', version: '1.0.0' }), layers: [blob('application/vnd.cncf.helm.chart.content.v1.tar+gzip', Buffer.from('not a chart'))] })
  yield { repository: 'quirks/nested', manifest: index([index([one])]), tags: ['index-of-index'] }
  yield { repository: 'quirks/nested', manifest: index([one, chart]), tags: ['mixed'] }
  yield { repository: 'quirks/nested', manifest: index([]), tags: ['empty-index'] }
  yield { repository: 'quirks/nested', manifest: artifact({ artifactType: 'application/vnd.example.nobody-knows.v7+json', layers: [blob('application/octet-stream', Buffer.from([0, 1, 2, 3]))] }), tags: ['unknown-kind'] }
}

/** A repository that was begun and never finished: it is in the registry's catalogue and has no tags. */
export const abandoned = { repository: 'quirks/abandoned', content: blob('application/octet-stream', Buffer.from('an upload without a manifest')) }
