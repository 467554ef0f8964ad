import { expect, test } from 'vitest'
import { rows } from './rows.js'
import { Scripted } from './scripted.js'

/** Thread 1 runs `a`, and `c` waits in it; thread 2 is idle. */
const waiting = (s: Scripted): void => {
  s.run('a b c d')
  s.answer(2)
  s.answer(2)
}

const due = (s: Scripted, at = 6): string[] => {
  s.now = at
  return s.post({ type: 'RecallDue' })
}

/** The same, and `c` was taken back: thread 2 runs it. */
const recalled = (s: Scripted): void => {
  waiting(s)
  due(s)
  s.turn()
}

rows('tasks wait in a thread while another is idle', [
  [
    'the scheduler looks again soon',
    (s) => {
      s.run('a b c d')
      s.answer(2)
    },
    (s) => s.answer(2),
    'release d#0; settle d done; round now; timer recall 5',
  ],
  ['they are taken back', waiting, (s) => due(s), 'recall 1; plan c; pin c#1; round soon'],
  [
    'the idle thread gets them',
    (s) => {
      waiting(s)
      due(s)
    },
    (s) => s.turn(),
    'dispatch 2: c#1',
  ],
  ['the task before them has only begun', waiting, (s) => due(s, 4), 'round now; timer recall 5'],
  [
    'the thread has begun them meanwhile',
    (s) => {
      waiting(s)
      s.begun = 2
    },
    (s) => due(s),
    'recall 1; reopen 1',
  ],
  [
    'only the idle thread is missing',
    (s) => {
      s.run('a b c d')
      s.answer(2)
    },
    (s) => due(s),
    'round now',
  ],
  [
    'they have their state in that thread',
    (s) => {
      s.run('a b', { pinned: 1 })
    },
    (s) => due(s),
    'round now',
  ],
  ['they belong to pipelined stages', (s) => s.group({ 1: 'a* b' }), (s) => due(s), 'round now'],
  [
    'their job has ended',
    (s) => {
      const job = s.job()
      s.run('a b c d', { job })
      s.answer(2)
      s.answer(2)
      s.post({ type: 'JobEnded', job, succeeded: false })
    },
    (s) => due(s),
    'recall 1; settle c job cancelled',
  ],
])

rows('a thread whose tasks were taken back', [
  ['gets no others', recalled, (s) => s.run('e'), 'plan e; pin e#0; round soon'],
  ['is not chosen for pipelined stages', recalled, (s) => [String(s.scheduler.threads)], '2'],
  ['answers for the task that it ran', recalled, (s) => s.answer(1), 'release a#0; settle a done; round now'],
  [
    'answers for those that it did not run, and gets others again',
    (s) => {
      recalled(s)
      s.answer(1)
      s.run('e')
    },
    (s) => s.answer(1),
    'release c#0; round now; reopen 1; dispatch 1: e#0',
  ],
  [
    'dies: they are not retried again, and their memory is free when it has exited',
    recalled,
    (s) => [...s.lose(1), ...s.post({ type: 'ThreadExited', thread: 1 })],
    'plan a; pin a#1; round soon; round soon; release a#0; release c#0',
  ],
  [
    'refuses a task that nobody took back',
    (s) => s.run('a b'),
    (s) => s.answer(1, 'stale'),
    'release a#0; plan a; pin a#1; round soon; round now; dispatch 1: a#1',
  ],
])

test('quick tasks of one message are taken back one by one', () => {
  const s = new Scripted().ready(1, 2)
  s.run('warm')
  s.answer(1, 'quick')
  s.run('a b c d e f')
  expect(s.sentTo(1)[0]!.map((each) => s.nameOf(each))).toEqual(['a#0', 'b#0', 'c#0'])
  s.answer(2)
  due(s)
  expect(s.turn().join('; ')).toBe('dispatch 2: b#1')
  s.answer(2)
  expect(s.answer(1).join('; ')).toBe('release a#0; settle a done; release b#0; release c#0; round now; reopen 1')
})
