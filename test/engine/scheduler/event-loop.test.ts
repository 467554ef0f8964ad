import { expect, onTestFinished, test, vi } from 'vitest'
import { EventLoop } from '#build/engine/scheduler/event-loop.js'
import { Scripted } from './scripted.js'

/** An event loop without threads and storage. */
function newLoop(scripted: Scripted, overLimit: () => undefined): EventLoop {
  const pool = { ready: () => [], spare: () => undefined }
  const inputs = { pin: () => {}, unpin: () => {} }
  return new EventLoop(scripted.scheduler, { pool, inputs, memory: { overLimit } } as never)
}

test('a fault in one event is thrown, and the loop handles the events after it', async () => {
  const thrown: unknown[] = []
  const later = vi.spyOn(process, 'nextTick').mockImplementation((callback) => {
    try {
      callback()
    } catch (error) {
      thrown.push(error)
    }
  })
  onTestFinished(() => later.mockRestore())
  const scripted = new Scripted()
  const fault = new Error('a fault of the library')
  const loop = newLoop(scripted, () => {
    throw fault
  })
  const { spec } = scripted.newTask('a')
  const settled = loop.run(spec).catch((error: { code: string }) => error.code)
  // The end of the turn dispatches, which asks for memory.
  await Promise.resolve()
  expect(thrown).toEqual([fault])
  loop.jobEnded(spec.job, false)
  expect(await settled).toBe('ERR_MILLRACE_JOB_CANCELLED')
})
