import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EngineEvents, StreamingOptions } from 'millrace'
import { describe, expect, onTestFinished, test } from 'vitest'
import { asAfterKill, known, listed, scratch } from './support.js'

const { directory, manual } = scratch()
const MODULE = new URL('./faulty-files.mjs', import.meta.url).href

interface Fault {
  readonly operation: string | readonly string[]
  readonly code: string
  readonly of?: string
}

/** A directory on a disk with faults: `fail` begins one, `repair` ends it. */
function disk() {
  const at = directory()
  const control = join(directory(), 'control.json')
  const repair = () => rmSync(control, { force: true })
  onTestFinished(repair)
  return {
    at,
    url: `faulty://disk${at}`,
    options: {
      fileSystems: { faulty: { module: MODULE, export: 'faultyFiles', options: { control } } },
    } satisfies Partial<StreamingOptions>,
    fail: (fault: Fault) => {
      // In one step: threads read it at any time.
      writeFileSync(`${control}.new`, JSON.stringify(fault))
      renameSync(`${control}.new`, control)
    },
    repair,
    /** The calls that failed or waited. */
    faults: () => (existsSync(`${control}.log`) ? readFileSync(`${control}.log`, 'utf8').trim().split('\n') : []),
  }
}

function counting(from: number, options: Partial<StreamingOptions>) {
  const { ssc, clock, log } = manual(from, { checkpointInterval: 1000, ...options })
  const sums = listed(
    known(ssc, (i) => [i])
      .map((n) => ['sum', n] as [string, number])
      .updateStateByKey((values: number[], sum: number | undefined) => values.reduce((a, b) => a + b, sum ?? 0)),
  )
  const failed: EngineEvents['checkpointFailed'][] = []
  const events: string[] = []
  ssc.on('checkpointFailed', (event) => {
    failed.push(event)
    events.push(`failed ${event.failures}`)
  })
  ssc.on('checkpointsResumed', ({ failures }) => events.push(`resumed after ${failures}`))
  ssc.on('checkpointWritten', () => events.push('written'))
  const batches = async (n: number) => {
    for (let i = 0; i < n; i++) {
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
  }
  return { ssc, log, sums, failed, events, batches }
}

/** The sums of the batches up to `n`, from the one after `from`. */
const upTo = (n: number, from = 0) =>
  Array.from({ length: n - from }, (_, i) => from + i + 1).map((i) => [i * 1000, [['sum', (i * (i + 1)) / 2]]])

describe('a disk that fails while the streams run', () => {
  test.each<[string, Fault]>([
    ['is full when a file is created', { operation: 'create', code: 'ENOSPC' }],
    ['is full in the middle of a file', { operation: 'write', code: 'ENOSPC' }],
    ['is full when a file is synced', { operation: 'close', code: 'ENOSPC' }],
    ['refuses a rename', { operation: 'rename', code: 'EACCES' }],
    ['cannot be listed', { operation: 'list', code: 'EIO' }],
    ['refuses everything', { operation: ['stat', 'list', 'read', 'create', 'mkdirs', 'touch'], code: 'EACCES' }],
  ])('that %s: batches continue, checkpoints resume, a restart is right', async (_, fault) => {
    const { at, url, options, fail, repair } = disk()
    const first = counting(0, { checkpointDir: url, ...options })
    await first.ssc.start()
    await first.batches(2)
    first.events.length = 0
    fail(fault)
    await first.batches(4)
    expect(first.sums).toEqual(upTo(6))
    expect(first.events).toEqual(['failed 1', 'failed 2', 'failed 3', 'failed 4'])
    expect(first.failed[0]).toMatchObject({ time: 3000, code: fault.code, failures: 1 })
    expect(first.failed[0]!.error).toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringMatching(/batch 3000 ms could not be written.*Batches continue/),
      details: { code: fault.code },
    })
    // Not one line a batch.
    expect(first.log.filter((text) => text.includes('could not be written'))).toHaveLength(3)
    expect(first.log.filter((text) => text.includes('could not be recorded')).length).toBeLessThan(2)
    const broken = asAfterKill(at, directory())
    repair()
    await first.batches(1)
    expect(first.events.slice(4)).toEqual(['resumed after 4', 'written'])
    await first.batches(1)

    const second = counting(8000, { checkpointDir: asAfterKill(at, directory()) })
    await second.ssc.start()
    await second.batches(1)
    expect(second.sums).toEqual(upTo(9, 8))
    const third = counting(6000, { checkpointDir: broken })
    await third.ssc.start()
    await third.ssc.awaitIdle()
    expect(third.sums).toEqual(upTo(6, 2))
  })

  test('whose files are synced slowly: batches run meanwhile, and no second checkpoint begins', async () => {
    const { url, options, fail, repair, faults } = disk()
    const { ssc, sums, events, batches } = counting(0, { checkpointDir: url, ...options })
    await ssc.start()
    await batches(1)
    events.length = 0
    fail({ operation: 'close', code: 'WAIT', of: '/state-' })
    const clock = ssc.clock as unknown as { advance(ms: number): Promise<void> }
    const done = Promise.all(
      [2, 3, 4].map(
        (n) => new Promise((resolve) => ssc.on('batchCompleted', ({ time }) => time === n * 1000 && resolve(n))),
      ),
    )
    await clock.advance(3000)
    await done
    expect(sums).toEqual(upTo(4))
    expect(events).toEqual([])
    expect(faults()).toHaveLength(1)
    repair()
    await ssc.awaitIdle()
    expect(events).toEqual(['written'])
  })

  test('whose directory is removed: it is written again, completely', async () => {
    const at = join(directory(), 'checkpoints')
    const first = counting(0, { checkpointDir: at, stateSnapshotInterval: 10 })
    await first.ssc.start()
    await first.batches(3)
    rmSync(at, { recursive: true })
    await first.batches(2)
    expect(first.sums).toEqual(upTo(5))
    const second = counting(5000, { checkpointDir: asAfterKill(at, directory()) })
    await second.ssc.start()
    await second.batches(1)
    expect(second.sums).toEqual(upTo(6, 5))
    expect(second.log).toEqual([])
  })
})

describe('a disk that fails when the streams start', () => {
  test.each<[string, Fault, RegExp]>([
    ['refuses the directory', { operation: 'mkdirs', code: 'EACCES' }, /No checkpoint can be written.*permissions/],
    ['is full', { operation: 'create', code: 'ENOSPC' }, /No checkpoint can be written.*disk is full/],
    ['is full at the first checkpoint', { operation: 'create', code: 'ENOSPC', of: 'checkpoint-' }, /disk is full/],
    ['is read-only', { operation: 'create', code: 'EROFS' }, /read-only/],
    ['cannot be listed', { operation: 'list', code: 'EIO' }, /cannot be read.*disk reports an error/],
  ])('and %s: start() rejects with the code and the advice', async (_, fault, message) => {
    const { url, options, fail } = disk()
    fail(fault)
    const { ssc } = counting(0, { checkpointDir: url, ...options })
    await expect(ssc.start()).rejects.toMatchObject({
      code: 'ERR_MILLRACE_CHECKPOINT',
      message: expect.stringMatching(message),
      details: { code: fault.code },
    })
  })

  test('a heartbeat that cannot be seen is no proof of death', async () => {
    const { at, url, options, fail } = disk()
    const owner = counting(0, { checkpointDir: at })
    await owner.ssc.start()
    // Of another host: only heartbeats prove anything.
    const file = join(at, 'owner-1')
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), token: 'x', scope: 'elsewhere' }))
    fail({ operation: 'stat', code: 'EIO', of: 'owner-' })
    const second = counting(0, { checkpointDir: url, ...options })
    await expect(second.ssc.start()).rejects.toMatchObject({ details: { code: 'EIO' } })
    expect(readdirSync(at).filter((name) => name.startsWith('owner'))).toEqual(['owner-1'])
  })
})

test('saved files of a disk that is full appear complete or not at all, and the error has the code', async () => {
  const { at, url, options, fail, repair } = disk()
  const { ssc, clock } = manual(0, { ...options, onBatchError: 'skip' })
  known(ssc, () => ['a', 'b']).saveAsTextFiles(`${url}/out`)
  const errors: string[] = []
  ssc.on('batchSkipped', ({ error }) => {
    for (let cause = error; cause instanceof Error; cause = cause.cause) errors.push(cause.message)
  })
  await ssc.start()
  fail({ operation: 'write', code: 'ENOSPC', of: 'out-' })
  await clock.advance(1000)
  await ssc.awaitIdle()
  repair()
  await clock.advance(1000)
  await ssc.awaitIdle()
  expect(errors.join()).toContain('ENOSPC')
  expect(readdirSync(at).filter((name) => name === 'out-1000')).toEqual([])
  expect(readFileSync(join(at, 'out-2000', 'part-00000'), 'utf8')).toBe('a\nb\n')
})

/** Mounts a disk of 2 MiB, if this process may. */
function smallDisk(): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'millrace-small-'))
  onTestFinished(() => rmSync(at, { recursive: true, force: true }))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', at], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => void execFileSync('umount', ['-l', at]))
  return at
}

test.runIf(process.platform === 'linux' && process.getuid?.() === 0)(
  'a real disk that is full, and then not',
  async (context) => {
    const at = smallDisk()
    if (at === undefined) return context.skip('a small disk cannot be mounted here')
    const first = counting(0, { checkpointDir: join(at, 'checkpoints') })
    await first.ssc.start()
    await first.batches(2)
    first.events.length = 0
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${at}/fill bs=4096 2>/dev/null || true`])
    await first.batches(3)
    expect(first.sums).toEqual(upTo(5))
    expect(first.failed.map(({ code }) => code)).toEqual(['ENOSPC', 'ENOSPC', 'ENOSPC'])
    rmSync(join(at, 'fill'))
    await first.batches(1)
    expect(first.events.at(-1)).toBe('written')
    const second = counting(6000, { checkpointDir: asAfterKill(join(at, 'checkpoints'), directory()) })
    await second.ssc.start()
    await second.batches(1)
    expect(second.sums).toEqual(upTo(7, 6))
  },
)
