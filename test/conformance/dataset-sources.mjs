import { asNumber, either, NotYet } from './values.mjs'

const list = (length, at) => Array.from({ length }, (_, i) => at(i))

/** The parameters of a source, given in a list or by name. */
function parameters(given, ...names) {
  if (Array.isArray(given)) return given
  if (typeof given === 'number') return [given]
  return names.map((alternatives) => either(given, ...alternatives))
}

const SOURCES = {
  empty: (ctx) => ctx.emptyRDD(),
  data: (ctx, data, partitions) => ctx.parallelize(data, partitions),
  range: (ctx, limits, partitions) => {
    const [from, to, step = 1] = parameters(limits, ['from', 'start'], ['to', 'end'], ['step'])
    return ctx.range(from, to, step, partitions)
  },
  pairsRange: (ctx, limits, partitions) => SOURCES.range(ctx, limits, partitions).map((n) => [n, n]),
  repeat: (ctx, given, partitions) => {
    const [value, count] = parameters(given, ['value', 'element', 'data'], ['count', 'times', 'n'])
    return ctx.parallelize(
      list(count, () => value),
      partitions,
    )
  },
  cycle: (ctx, given, partitions) => {
    const [count, modulus] = parameters(given, ['count', 'n', 'to'], ['mod', 'modulus', 'm'])
    return ctx.parallelize(
      list(count, (i) => (i + 1) % modulus),
      partitions,
    )
  },
  triangle: (ctx, given, partitions) => {
    const [n] = parameters(given, ['n', 'count', 'to'])
    return ctx.parallelize(list(n, (i) => list(i + 1, (j) => [i + 1, j + 1])).flat(), partitions)
  },
  textFile: (ctx, path, partitions) => ctx.textFile(path, partitions),
}

/** The dataset that a case describes. `numeric`: texts such as "NaN" stand for numbers that JSON lacks. */
export function sourceOf(ctx, source, numeric) {
  const kind = Object.keys(SOURCES).find((name) => source[name] !== undefined)
  if (!kind) throw new NotYet(`source ${Object.keys(source).join(', ')}`)
  const given = kind === 'data' && numeric ? source.data.map(asNumber) : source[kind]
  return SOURCES[kind](ctx, given, source.numPartitions)
}
