/** Positions of a list that are changed: all of a short one, and of a long one its ends and some between. */
const MOST = 12

const positions = ({ length }) => {
  if (length <= MOST) return Array.from({ length }, (_, i) => i)
  return [...new Set(Array.from({ length: MOST }, (_, i) => Math.round((i * (length - 1)) / (MOST - 1))))]
}

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b)

/** The ways in which a value can be wrong: `[what, wrong value]`. */
function* wrong(value, { ordered, tolerance = 0 }) {
  if (Array.isArray(value)) {
    for (const i of positions(value)) {
      for (const [what, other] of wrong(value[i], { ordered: true, tolerance })) {
        yield [`${what} at ${i}`, value.with(i, other)]
      }
      yield [`entry ${i} dropped`, value.toSpliced(i, 1)]
      if (ordered && i > 0 && !same(value[i], value[i - 1])) {
        yield [`entries ${i - 1} and ${i} exchanged`, value.toSpliced(i - 1, 2, value[i], value[i - 1])]
      }
    }
    yield ['an entry added', [...value, value.at(-1) ?? 'an entry']]
    yield ['another entry added', [...value, 'an entry']]
  } else if (typeof value === 'number') yield [`${value} changed`, value + 1 + 10 * tolerance]
  else if (typeof value === 'boolean') yield [`${value} flipped`, !value]
  else if (typeof value === 'string') yield [`${value} changed`, `${value}~`]
  else if (value === null) yield ['null changed', 'a value']
  else {
    for (const [name, field] of Object.entries(value)) {
      // A field that is null is not asserted.
      if (field === null && tolerance > 0) continue
      for (const [what, other] of wrong(field, { ordered: true, tolerance })) {
        yield [`${name}, ${what}`, { ...value, [name]: other }]
      }
    }
  }
}

/** Batches: each is a list, in an order or not; the batches themselves have an order. */
function* wrongBatches(batches, ordered) {
  yield* wrongList(batches, (batch) => wrong(batch, { ordered }))
  yield ['a batch added', [...batches, []]]
}

function* wrongList(list, wrongEntry) {
  for (const [i, entry] of list.entries()) {
    for (const [what, other] of wrongEntry(entry)) yield [`${i + 1}: ${what}`, list.with(i, other)]
    yield [`${i + 1} dropped`, list.toSpliced(i, 1)]
  }
}

const OUT_OF_REACH = 1e15

/** Properties whose value is a bound, a set or a kind: a value next to it may be right as well. */
const PROPERTIES = {
  *range([from, to]) {
    yield ['the range above all', [to + 1, OUT_OF_REACH]]
    yield ['the range below all', [-OUT_OF_REACH, from - 1]]
  },
  *countBetween() {
    yield ['the bounds too large', [OUT_OF_REACH, OUT_OF_REACH]]
    yield ['the bounds too small', [-2, -1]]
  },
  *partSizes(limits) {
    yield* wrongList(limits, () => [
      ['bounds too large', [OUT_OF_REACH, OUT_OF_REACH]],
      ['bounds too small', [-2, -1]],
    ])
  },
  *nonEmptyPartitions(of) {
    yield ['a partition that is not there', [...of, OUT_OF_REACH]]
  },
  *shuffles(n) {
    yield typeof n === 'boolean' ? ['flipped', !n] : ['one more', n + 1]
  },
  *sideEffect(expected) {
    yield* wrong(expected, { ordered: false })
  },
}

function* wrongProperties(properties) {
  for (const [name, value] of Object.entries(properties)) {
    const ways = PROPERTIES[name]?.(value) ?? wrong(value, { ordered: true })
    for (const [what, other] of ways) yield [`${name}, ${what}`, { ...properties, [name]: other }]
  }
}

/** Kinds of errors that have no class in common. */
const OTHER_KIND = { task: 'argument', nested: 'argument' }

function* wrongError(error) {
  const { where, batch, contains, kind } = error
  if (where) yield ['another place', { ...error, where: where === 'construction' ? 'call' : 'construction' }]
  if (batch !== undefined) yield ['a later batch', { ...error, batch: batch + 1 }]
  if (kind) yield ['another kind', { ...error, kind: OTHER_KIND[kind] ?? 'task' }]
  yield ['another message', { ...error, contains: `${contains ?? ''}~` }]
}

/** How each expectation of a case can be wrong. */
const EXPECTATIONS = {
  expected(expected, given) {
    const { ordered, tolerance } = given
    if (given.runBatches !== undefined) return wrongBatches(expected, ordered)
    const isRates = given.estimator !== undefined
    return wrong(expected, { ordered: ordered || isRates || tolerance !== undefined, tolerance })
  },
  expectedSnapshots: (expected) => wrongBatches(expected, false),
  outputTimesMs: (times) => wrong(times, { ordered: true }),
  expectedPartitions: (expected, { ordered }) =>
    wrongList(expected, function* ({ count, elements }) {
      yield ['another count', { count: count + 1, elements }]
      for (const [what, other] of wrong(elements, { ordered })) yield [what, { count, elements: other }]
    }),
  foreach: (expected) => wrong(expected, {}),
  expectedProperties: (expected) => {
    const bags = Object.entries(expected)
    return bags.flatMap(([name, bag]) =>
      [...wrong(bag, { ordered: false })].map(([what, other]) => [`${name}, ${what}`, { ...expected, [name]: other }]),
    )
  },
  // Of a call that must fail, the slices are parameters.
  slices: (slices, { expectError }) =>
    expectError
      ? []
      : wrongList(slices, function* (slice) {
          for (const [what, other] of wrong(slice.expected, {})) yield [what, { ...slice, expected: other }]
        }),
  expectProps: wrongProperties,
  sideEffect: (expected) => wrong(expected, { ordered: false }),
  expectError: wrongError,
  thenInputUnchanged: (expected) => wrong(expected, { ordered: true }),
  expectConstructorError: (expected) => wrong(expected, {}),
  *defaults(defaults) {
    for (const [name, value] of Object.entries(defaults)) {
      // Texts describe.
      if (typeof value === 'string') continue
      for (const [what, other] of wrong(value, {})) yield [`${name}: ${what}`, { ...defaults, [name]: other }]
    }
  },
  *steps(steps, { ordered }) {
    for (const [i, step] of steps.entries()) {
      for (const [what, other] of changed(step, UPDATE, { ordered })) yield [`${i + 1}: ${what}`, steps.with(i, other)]
    }
  },
}

/** Expectations of one update of kept state. */
const UPDATE = {
  expectedStates: (states, { ordered = false }) => wrong(states, { ordered }),
  expectedMapped: (mapped, { ordered = false }) => wrong(mapped, { ordered }),
  expectedTimingOut: (values, { ordered = false }) => wrong(values, { ordered }),
  expectedRemoved: (values, { ordered = false }) => wrong(values, { ordered }),
  expectFunctionCalled: (called) => wrong(called, {}),
}

function* changed(part, expectations, context = part) {
  for (const [name, ways] of Object.entries(expectations)) {
    if (part[name] === undefined) continue
    for (const [what, other] of ways(part[name], context)) yield [`${name}: ${what}`, { ...part, [name]: other }]
  }
}

/** The case with one of its expectations made wrong, once for each way: `[what, case]`. */
export function* mutationsOf(given) {
  yield* changed(given, EXPECTATIONS)
  yield* changed(given, UPDATE)
}
