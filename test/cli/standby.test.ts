import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { millrace } from './command.js'

const SMALL = ['--threads', '1', '--batch-interval', '100ms', '--json']

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-standby-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Runs a pipeline beside its standby, which waits. */
async function pair(at: string) {
  const args = ['run', 'totals.mjs', ...SMALL, '--checkpoint-dir', at, '--standby']
  const owner = millrace(...args)
  await owner.writes('stdout', '"batch"')
  const standby = millrace(...args)
  await standby.writes('stderr', `standby: process ${owner.child.pid}`)
  return { owner, standby }
}

test('--standby takes over when the owner is killed', async () => {
  const { owner, standby } = await pair(directory())
  expect(standby.stdout).toBe('')
  owner.kill('SIGKILL')
  await standby.writes('stderr', 'millrace: took over')
  await standby.writes('stdout', '"batch"')
  standby.kill('SIGTERM')
  expect(await standby.ended, standby.stderr).toEqual({ code: 0, signal: null })
})

test('a signal ends the wait of a standby', async () => {
  const { owner, standby } = await pair(directory())
  standby.kill('SIGTERM')
  expect(await standby.ended, standby.stderr).toEqual({ code: 0, signal: null })
  expect(standby.stderr).toContain('SIGTERM: stopping before the first batch')
  expect(standby.stdout).toBe('')
  owner.kill('SIGTERM')
  expect(await owner.ended, owner.stderr).toEqual({ code: 0, signal: null })
})

test('--standby without a checkpoint directory is refused', async () => {
  const command = millrace('run', 'totals.mjs', '--standby')
  expect(await command.ended).toEqual({ code: 2, signal: null })
  expect(command.stderr).toContain('--standby waits for a checkpoint directory. Add --checkpoint-dir')
})
