import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { millrace } from './command.js'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-run-files-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test.each(['SIGTERM', 'duration'])(
  '%s counts no file twice, and the checkpoint neither',
  async (end) => {
    const [directory, checkpoints, staging] = [folder(), folder(), folder()]
    const run = (...more: string[]) =>
      millrace(
        ...['run', 'watched-files.mjs', '--threads', '1', '--batch-interval', '200ms', '--json'],
        ...['--checkpoint-dir', checkpoints, '--param', `directory=${directory}`, ...more],
      )
    const totals = (objects: Record<string, unknown>[]) =>
      objects.flatMap((object) =>
        'output' in object ? (object.records as [string, number][]).map(([, total]) => total) : [],
      )
    const first = run(...(end === 'duration' ? ['--duration', '3s'] : []))
    await first.writes('stdout', '{"batch"')
    writeFileSync(join(staging, 'file'), 'x\n'.repeat(300))
    renameSync(join(staging, 'file'), join(directory, 'file'))
    await first.writes('stdout', '["lines",300]')
    if (end === 'SIGTERM') first.kill('SIGTERM')
    expect((await first.ended).code, first.stderr).toBe(0)
    expect(new Set(totals(first.objects()))).toEqual(new Set([300]))
    const second = run('--duration', '1ms')
    expect((await second.ended).code, second.stderr).toBe(0)
    expect(new Set(totals(second.objects()))).toEqual(new Set([300]))
  },
  600_000,
)
