import assert from 'node:assert/strict'

/** Parts of a case that have fields of their own. All other values are data, and are read whole. */
const PARTS = new Set([
  'action',
  'chain',
  'estimator',
  'expectError',
  'expectProps',
  'expectedPartitions',
  'expectedProperties',
  'foreach',
  'op',
  'other',
  'otherSteps',
  'others',
  'partitioner',
  'rdds',
  'recovery',
  'slices',
  'source',
  'steps',
  'streams',
])

/** Prose for the reader of a case. */
const PROSE = new Set(['id', 'name', 'note', 'ref', 'suite'])

/**
 * A case, and a check that the runner has read every field of it: a field that nobody reads is a condition that nobody
 * tests, so the case must not pass.
 */
export function tracked(given) {
  const unread = new Set()
  const wrap = (value, path) => {
    if (Array.isArray(value)) return value.map((each, i) => (isRecord(each) ? wrap(each, `${path}[${i}]`) : each))
    if (!isRecord(value)) return value
    const parts = new Map()
    for (const [name, field] of Object.entries(value)) {
      const at = path ? `${path}.${name}` : name
      if (!PROSE.has(name)) unread.add(at)
      parts.set(name, PARTS.has(name) ? wrap(field, at) : field)
    }
    return new Proxy(value, {
      get(_, name) {
        unread.delete(path ? `${path}.${String(name)}` : name)
        return parts.get(name)
      },
    })
  }
  return {
    given: wrap(given, ''),
    /** Nothing reads the steps after one that must fail, nor the order of an answer that never comes. */
    checkAllRead() {
      const left = [...unread].filter((path) => !(given.expectError && /^(op|action|rdds|slices|ordered)\b/.test(path)))
      assert.ok(left.length === 0, `the runner does not read ${left.join(', ')}`)
    },
  }
}

function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
