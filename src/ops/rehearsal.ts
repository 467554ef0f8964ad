/** Whether this thread runs a copy of a task for practice only. Tasks of a thread run one after the other. */
let rehearsing = false

export function setRehearsing(on: boolean): void {
  rehearsing = on
}

/** What goes off once, as faults of the stress command do, must not go off in a rehearsal, where nobody notices. */
export function isRehearsing(): boolean {
  return rehearsing
}
