// The printed table, and the arithmetic behind its figures.

export const sorted = (values) => [...values].sort((a, b) => a - b)
export const median = (values) => {
  const all = sorted(values)
  const middle = all.length >> 1
  return all.length % 2 ? all[middle] : (all[middle - 1] + all[middle]) / 2
}
/** `12.3 (11.9 to 14.0)`: the median, and the span of the rounds. */
export const spread = (values, digits = 0) => {
  const all = sorted(values)
  return `${median(all).toFixed(digits)} (${all[0].toFixed(digits)} to ${all[all.length - 1].toFixed(digits)})`
}
export const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`

const line = (cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`)

/** One measure. `met` is true, false, or null where nothing must be reached. */
export const row = (measure, value, must, met) => line([measure, value, must || '–', met === null || met === undefined ? '' : met ? 'met' : '**missed**'])
/** How a figure came about, below the table. */
export const note = (text) => process.stderr.write(`  ${text}\n`)
