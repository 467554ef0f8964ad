import assert from 'node:assert/strict'
import { samePartitioner } from '#build/ops/partitioner.js'
import { compareLists, NotYet } from './values.mjs'

/** What a case may say of an answer, of the dataset that gave it, and of its plan. */
export const PROPERTIES = {
  numPartitions: (n, { plan }) => assert.equal(plan.partitions, n),
  nonEmptyPartitions: (of, { sizes }) => {
    for (const p of of) assert.ok(sizes[p] > 0, `partition ${p} is empty or not there`)
  },
  allPartitionsNonEmpty: (yes, { sizes }) => assert.equal(Math.min(...sizes) > 0, yes, `sizes ${sizes}`),
  partitionSizes: (expected, { sizes }) => assert.deepEqual(sizes, expected),
  count: (n, { answer }) => assert.equal(answer.length, n),
  distinct: (yes, { answer }) =>
    assert.equal(new Set(answer.map((x) => JSON.stringify(x))).size === answer.length, yes),
  range: ([from, to], { answer }) => {
    for (const x of answer) assert.ok(x >= from && x <= to, `${x} is not from ${from} to ${to}`)
  },
  parts: (n, { answer }) => assert.equal(answer.length, n),
  unionEquals: (n, { answer }) =>
    compareLists(
      answer.flat(),
      Array.from({ length: n }, (_, i) => i + 1),
      false,
    ),
  partSizes: (limits, { answer }) => {
    assert.equal(answer.length, limits.length)
    limits.forEach(([least, most], i) => {
      const size = answer[i].length
      assert.ok(size >= least && size <= most, `part ${i} has ${size} elements`)
    })
  },
  countBetween: ([least, most], { answer }) => {
    const size = typeof answer === 'number' ? answer : answer.length
    assert.ok(size >= least && size <= most, `${size} is not from ${least} to ${most}`)
  },
  keepsPartitioner: (yes, { plan }) => assert.equal(plan.keepsPartitioner, yes),
  shuffles: (expected, { plan }) =>
    typeof expected === 'boolean'
      ? assert.equal(plan.shuffles > 0, expected, `${plan.shuffles} shuffles`)
      : assert.equal(plan.shuffles, expected),
  sideEffect: (expected, { seen }) => {
    if (typeof expected === 'number') assert.equal(seen.length, expected)
    else if (Array.isArray(expected)) compareLists(seen, expected, false)
    else throw new NotYet(`sideEffect ${JSON.stringify(expected)}`)
  },
}

/** How many records each partition has. */
export const sizesOf = (rdd) => rdd.mapPartitions((records) => [[...records].length]).collect()

/** What planning decided: whether the last step left the records where they were by key, and the shuffles of the lineage. */
export function planOf(rdd, before) {
  const { partitioner } = rdd
  const kept = partitioner !== undefined && (!before.partitioner || samePartitioner(partitioner, before.partitioner))
  return { partitions: rdd.getNumPartitions(), keepsPartitioner: kept, shuffles: shufflesOf(rdd) }
}

function shufflesOf(rdd) {
  const seen = new Set()
  const shuffles = new Set()
  const walk = (node) => {
    if (seen.has(node)) return
    seen.add(node)
    for (const dependency of node.dependencies) {
      if (dependency.kind === 'shuffle') shuffles.add(dependency.id)
      walk(dependency.rdd)
    }
  }
  walk(rdd.constructor.nodeOf(rdd))
  return shuffles.size
}
