import { ThreadLostError } from '#build/errors.js'
import { look, type Row, rows } from './rows.js'
import { Scripted } from './scripted.js'

const AFTER_LOSS: Record<string, string[]> = {
  ThreadReady: 'round soon',
  'ThreadReady, a spare': 'round soon',
  'TaskSubmitted and TaskPlanned': 'round soon; dispatch 2: a#0; dispatch 2: b#0; timer look 250',
  DispatchDue: 'plan a; pin a#1; round soon; plan c; pin c#1; round soon; round soon; dispatch 2: d#0',
  'TasksAnswered, with a result': 'plan c; pin c#1; round soon; round soon; dispatch 2: d#0',
  'TasksAnswered, with an error': 'plan d; pin d#1; round soon; round soon; dispatch 2: c#1',
  MemoryShort: 'plan d; pin d#1; round soon; round soon; dispatch 2: c#1',
  'DispatchDue, while memory is short': 'plan d; pin d#1; round soon; round soon',
  MemoryFreed: 'plan d; pin d#1; round soon; round soon; dispatch 2: e#0',
  'ThreadLost, of the other': 'plan d; pin d#1; round soon; round soon',
  ThreadPromoted: 'plan d; pin d#1; round soon; round soon; dispatch 3: e#0; dispatch 3: b#1',
  'ThreadExited, of the other': 'plan d; pin d#1; round soon; round soon; dispatch 3: e#0; dispatch 3: b#1',
  LookDue: 'plan d; pin d#1; round soon; round soon; dispatch 3: b#1',
  QuietDue: 'plan d; pin d#1; round soon; round soon; dispatch 3: b#1',
  SendFailed: 'plan d; pin d#1; round soon; round soon; dispatch 3: b#1; dispatch 3: d#1',
  GroupSubmitted: 'abandon w#0; plan d; pin d#1; round soon; plan w; pin w#1; round soon; round soon; dispatch 3: b#1',
  Stranded: 'abandon w#0; plan d; pin d#1; round soon; plan w; pin w#1; round soon; round soon; dispatch 3: d#1',
  JobEnded: 'abandon w#0; settle d job cancelled; plan w; pin w#1; round soon; round soon; dispatch 3: w#1',
  Closed: 'abandon w#0; settle d job cancelled; settle w job cancelled; round soon',
}
/** One step for each event of the scheduler. After each of them, thread 1 is lost. */
const STORY: readonly [event: string, step: (s: Scripted) => unknown][] = [
  ['ThreadReady', (s) => s.ready(1, 2)],
  ['ThreadReady, a spare', (s) => s.post({ type: 'ThreadReady', thread: 3, slot: -1, cold: true })],
  ['TaskSubmitted and TaskPlanned', (s) => ['a', 'b', 'c', 'd'].map((name) => s.submit(name, { job: STORY_JOB }))],
  ['DispatchDue', (s) => s.turn()],
  ['TasksAnswered, with a result', (s) => s.answer(1)],
  ['TasksAnswered, with an error', (s) => s.answer(1, 'threw')],
  ['MemoryShort', (s) => s.post({ type: 'MemoryShort' })],
  [
    'DispatchDue, while memory is short',
    (s) => {
      s.memory = 'wait'
      s.run('e')
    },
  ],
  [
    'MemoryFreed',
    (s) => {
      s.memory = undefined
      s.post({ type: 'MemoryFreed' })
    },
  ],
  ['ThreadLost, of the other', (s) => s.lose(2)],
  ['ThreadPromoted', (s) => s.post({ type: 'ThreadPromoted', thread: 3, slot: 1 })],
  ['ThreadExited, of the other', (s) => s.post({ type: 'ThreadExited', thread: 2 })],
  [
    'LookDue',
    (s) => {
      s.turn()
      look(s, 250, {})
    },
  ],
  ['QuietDue', (s) => s.post({ type: 'QuietDue' })],
  [
    'SendFailed',
    (s) =>
      s.post({ type: 'SendFailed', thread: 3, attempts: s.sentTo(3)[0]!, error: new Error('not sent'), whole: false }),
  ],
  ['GroupSubmitted', (s) => s.group({ 1: 'w*', 3: 'r' })],
  ['Stranded', (s) => s.post({ type: 'Stranded', loss: new ThreadLostError('boot', 'no thread') })],
  ['JobEnded', (s) => s.post({ type: 'JobEnded', job: STORY_JOB, succeeded: false })],
  ['Closed', (s) => s.post({ type: 'Closed' })],
]
const STORY_JOB = new Scripted().job()

rows(
  'thread 1 is lost after',
  STORY.map(([event], i): Row => {
    const given = (s: Scripted) => {
      STORY_JOB.ended = false
      for (const [, step] of STORY.slice(0, i + 1)) step(s)
    }
    return [event, given, (s) => [...s.lose(1), ...s.turn()], AFTER_LOSS[event]!]
  }),
  () => new Scripted(),
)
