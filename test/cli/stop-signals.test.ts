import { EventEmitter } from 'node:events'
import { expect, test } from 'vitest'
import { onStopSignals } from '#build/cli/stop-signals.js'

function listening() {
  const source = new EventEmitter()
  const heard: string[] = []
  const clock = { now: 0 }
  const close = onStopSignals({
    first: (signal) => heard.push(`first ${signal}`),
    second: (signal) => heard.push(`second ${signal}`),
    source,
    now: () => clock.now,
  })
  return { source, heard, clock, close }
}

test('the first signal asks, the second demands', () => {
  const { source, heard, clock } = listening()
  source.emit('SIGTERM', 'SIGTERM')
  clock.now = 500
  source.emit('SIGINT', 'SIGINT')
  expect(heard).toEqual(['first SIGTERM', 'second SIGINT'])
})

test('a Ctrl-C that npx passes on a second time is one request', () => {
  const { source, heard, clock } = listening()
  source.emit('SIGINT', 'SIGINT')
  clock.now = 499
  source.emit('SIGINT', 'SIGINT')
  expect(heard).toEqual(['first SIGINT'])
  clock.now = 800
  source.emit('SIGINT', 'SIGINT')
  expect(heard).toEqual(['first SIGINT', 'second SIGINT'])
})

test('closed, it listens no more', () => {
  const { source, heard, close } = listening()
  close()
  expect(source.emit('SIGINT', 'SIGINT')).toBe(false)
  expect(heard).toEqual([])
})
