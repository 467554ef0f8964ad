import { afterAll, describe, expect, test } from 'vitest'
import { CASES, caseOf, casesOf, modesOf } from './conformance.mjs'
import { mutationsOf } from './mutations.mjs'
import { sharedContexts } from './run-dataset.mjs'

/** Another folder of cases may be given with CONFORMANCE_CASES. */
const { cases, close } = casesOf(process.env.CONFORMANCE_CASES ?? CASES)
const [mode] = modesOf(1)
let mutations = 0

const contexts = sharedContexts()

afterAll(async () => {
  await close()
  await contexts.close()
})

describe('an expectation that is wrong fails its case', () => {
  test.each(cases)('$id: $name', async ({ given, observe, judge, accepts }) => {
    const observed = await observe(mode)
    judge(observed)
    const all = [...mutationsOf(given)]
    expect(all.length).toBeGreaterThan(0)
    const passed = all.filter(([, wrong]) => accepts(wrong, observed)).map(([what]) => what)
    expect(passed).toEqual([])
    mutations += all.length
  })

  test('in thousands of ways', () => {
    expect(mutations).toBeGreaterThan(3000)
  })
})

describe('a field that the runner does not know fails its case', () => {
  /** Parts whose fields are parameters, each with one more. */
  const surprised = (part: Record<string, unknown>) => ({ ...part, surprise: 1 })
  const parts = ['op', 'rdds', 'steps'] as const

  test.each(cases)('$id', async ({ given }) => {
    const changed: Record<string, unknown> = surprised(given)
    const paths = ['surprise']
    for (const name of parts) {
      if (given[name] === undefined || given.expectError) continue
      changed[name] = given[name].map(surprised)
      paths.push(...given[name].map((_: unknown, i: number) => `${name}[${i}].surprise`))
    }
    for (const name of ['action', 'recovery'].filter((each) => given[each] && !given.expectError)) {
      changed[name] = surprised(given[name])
      paths.push(`${name}.surprise`)
    }
    const { message } = await caseOf(changed, contexts)
      .run(mode)
      .then(
        () => new Error('it passed'),
        (error: Error) => error,
      )
    expect(message).toContain('does not read')
    for (const path of paths) expect(message).toContain(path)
  })

  test('also where it is an expectation, a source or an effect', async () => {
    const given = {
      id: 'x',
      rdds: [{ data: [1], numPartitions: 1 }],
      op: [],
      action: { op: 'count' },
      expected: 1,
      ordered: true,
    }
    const outcome = (changed: object) =>
      caseOf({ ...given, ...changed }, contexts)
        .run(mode)
        .then(() => 'passed', String)
    expect(await outcome({})).toBe('passed')
    expect(await outcome({ expectProps: { surprise: 1 } })).toContain('not yet: surprise')
    expect(await outcome({ sideEffect: { surprise: 1 } })).toContain('not yet: sideEffect')
    expect(await outcome({ rdds: [{ surprise: 1 }] })).toContain('not yet: source surprise')
    expect(await outcome({ op: [{ op: 'surprise' }] })).toContain('not yet: surprise')
    expect(await outcome({ expected: undefined })).toContain('expects nothing')
  })
})
