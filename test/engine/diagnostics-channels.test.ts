import diagnostics from 'node:diagnostics_channel'
import { setImmediate } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { Events } from '#build/engine/events/events.js'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

test('a subscriber hears events after garbage is collected', async () => {
  const events = new Events(() => {})
  let times: number[] = []
  const listener = (event: unknown) => times.push((event as { time: number }).time)
  for (let time = 1; time <= 20; time++) {
    times = []
    events.emit('batchSkipped', { time: 0, error: undefined })
    await setImmediate()
    collectGarbage()
    diagnostics.subscribe('millrace:batchSkipped', listener)
    // Node finalizes collected objects in a separate task.
    for (let turn = 0; turn < 10; turn++) await setImmediate()
    events.emit('batchSkipped', { time, error: undefined })
    diagnostics.unsubscribe('millrace:batchSkipped', listener)
    expect(times).toEqual([time])
  }
})
