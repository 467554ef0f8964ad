import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { better, failures, holds, judge, middle, updated, verdictTable } from '../../bench/guard-check.mjs'
import { RATIOS } from '../../bench/guard-ratios.mjs'

const of = (name: string, ratio: number) => ({ name, margin: 1.5, ratio })

describe('a ratio', () => {
  it('holds up to its margin times the baseline, and not beyond', () => {
    expect(holds(3, 2, 1.5)).toBe(true)
    expect(holds(3.01, 2, 1.5)).toBe(false)
    expect(holds(0.1, 2, 1.5)).toBe(true)
  })

  it('holds where there is no baseline, and never where it is not a number', () => {
    expect(holds(100, undefined, 1.5)).toBe(true)
    expect(holds(Number.NaN, 2, 1.5)).toBe(false)
  })

  it('that is measured twice counts with the lower cost', () => {
    expect(better({ ratio: 3 }, { ratio: 2 })).toEqual({ ratio: 2 })
    expect(better({ ratio: 2 }, { ratio: 3 })).toEqual({ ratio: 2 })
    expect(better({ ratio: Number.NaN }, { ratio: 3 })).toEqual({ ratio: 3 })
    expect(better({ ratio: 2 }, { ratio: Number.NaN })).toEqual({ ratio: 2 })
    expect(better({ ratio: 2 }, { skipped: 'busy' })).toEqual({ ratio: 2 })
  })

  it('that is measured several times for a baseline counts with the one in the middle', () => {
    const of = (...ratios: number[]) => middle(ratios.map((ratio) => ({ ratio }))).ratio
    expect([of(3, 1, 2), of(10, 9, 100), of(1, Number.NaN, 2), of(4, 4, 1)]).toEqual([2, 10, 2, 4])
  })
})

describe('the verdict', () => {
  const verdictOf = (ratio: number) => judge([of('a', ratio)], { a: 2 })[0].verdict

  it('is on the ratio to the baseline', () => {
    expect([1.32, 1.34, 2, 3, 3.01, Number.NaN].map(verdictOf)).toEqual(['better', 'ok', 'ok', 'ok', 'worse', 'worse'])
    expect(judge([of('a', 4)], { a: 2 })).toEqual([
      { name: 'a', verdict: 'worse', ratio: 4, base: 2, limit: 3, times: 2 },
    ])
  })

  it('fails what is worse and what nothing measures any more; new and skipped ratios pass', () => {
    const verdicts = judge(
      [of('inside', 2.2), of('outside', 5), of('new', 1), { name: 'skipped', margin: 1.5, skipped: 'busy' }],
      { inside: 2, outside: 2, skipped: 0.5, gone: 1 },
    )
    expect(
      Object.fromEntries(verdicts.map(({ name, verdict }: { name: string; verdict: string }) => [name, verdict])),
    ).toEqual({
      inside: 'ok',
      outside: 'worse',
      new: 'new',
      skipped: 'skipped',
      gone: 'missing',
    })
    expect(failures(verdicts).map(({ name }: { name: string }) => name)).toEqual(['outside', 'gone'])
    expect(failures(judge([of('a', 2)], { a: 2 }))).toEqual([])
  })

  it('is shown with by how much, what fails first', () => {
    const verdicts = judge([of('fine', 2), of('slow', 5), { name: 'idle', margin: 2, skipped: 'busy' }], {
      fine: 2,
      slow: 2,
      gone: 1,
    })
    const rows = verdictTable(verdicts).split('\n').slice(2)
    expect(rows.map((row: string) => row.split(/\s{2,}/))).toEqual([
      ['slow', '5.00', '2.00', '3.00', '2.50', 'WORSE'],
      ['gone', '-', '1.00', '-', '-', 'MISSING: not measured'],
      ['fine', '2.00', '2.00', '3.00', '1.00', 'ok'],
      ['idle', '-', '-', '-', '-', 'not measured: busy'],
    ])
  })
})

describe('a new baseline', () => {
  it('has what was measured, keeps what was not, and forgets names that are no more', () => {
    const measured = [
      of('a', 1.23456),
      { name: 'b', margin: 2, skipped: 'busy' },
      of('new', 0.000123456),
      of('odd', Number.NaN),
    ]
    const names = ['new', 'a', 'b', 'c', 'odd', 'never']
    expect(updated(measured, { a: 9, b: 8, c: 7, gone: 6, odd: 5 }, names)).toEqual({
      new: 0.000123,
      a: 1.23,
      b: 8,
      c: 7,
      odd: 5,
    })
  })

  it('that is kept knows every ratio that can be measured on a busy machine, and no other', () => {
    const { ratios } = JSON.parse(readFileSync(new URL('../../bench/baseline.json', import.meta.url), 'utf8'))
    const names = RATIOS.map(({ name }: { name: string }) => name)
    expect(names).toEqual(expect.arrayContaining(Object.keys(ratios)))
    const always = RATIOS.filter((ratio: { needsIdle?: boolean }) => !ratio.needsIdle)
    expect(Object.keys(ratios)).toEqual(expect.arrayContaining(always.map(({ name }: { name: string }) => name)))
    for (const ratio of Object.values(ratios)) expect(ratio).toBeGreaterThan(0)
    for (const { margin } of RATIOS) expect(margin).toBeGreaterThan(1)
  })
})

describe('the command', () => {
  const folder = mkdtempSync(join(tmpdir(), 'guard-'))
  const file = join(folder, 'baseline.json')
  const main = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url))
  const guard = (...words: string[]) =>
    promisify(execFile)(process.execPath, [
      main,
      'guard',
      '--quick',
      '--only',
      'grep: kernel',
      '--baseline',
      file,
      ...words,
    ])
  const write = (ratios: object) => writeFileSync(file, JSON.stringify({ ratios }))
  afterEach(() => rmSync(file, { force: true }))
  afterAll(() => rmSync(folder, { recursive: true }))

  it('measures a ratio that fails once more, then fails with the table', async () => {
    write({ 'grep: kernel / closure': 1e-6, 'grep: closure / loop': 1 })
    const failed = expect.objectContaining({
      code: 1,
      stdout: expect.stringMatching(
        /^grep: kernel \/ closure, once more: [\s\S]*^grep: kernel \/ closure .* WORSE\n\n1 of 1 ratios: exceeded\n$/m,
      ),
    })
    await expect(guard()).rejects.toEqual(failed)
  }, 600_000)

  it('writes a baseline, and holds beside it', async () => {
    const { stdout: said } = await guard('--update')
    expect(said.match(/^grep: kernel \/ closure: /gm)).toHaveLength(3)
    const { ratios, machine } = JSON.parse(readFileSync(file, 'utf8'))
    expect(machine.node).toBe(process.version)
    expect(Object.keys(ratios)).toEqual(['grep: kernel / closure'])
    write({ 'grep: kernel / closure': ratios['grep: kernel / closure'] * 1000 })
    const { stdout } = await guard()
    expect(stdout).toMatch(/^grep: kernel \/ closure .* better: store with --update\n$/m)
  }, 600_000)

  it('says what is wrong with a command, without a stack', async () => {
    const refused = (stderr: RegExp) => expect.objectContaining({ code: 2, stderr: expect.stringMatching(stderr) })
    await expect(guard()).rejects.toEqual(refused(/^There is no baseline at .*baseline\.json\. .*\nusage: .*\n$/))
    await expect(guard('--only', 'x')).rejects.toEqual(
      refused(/^There is no ratio whose name begins with 'x'\..*\nusage: /),
    )
    await expect(guard('--what')).rejects.toEqual(refused(/--what.*\nusage: /s))
  })
})
