/** Pass through: what it costs to read the events and do nothing. */
export const stream = (events) =>
  events
    .count()
    .map((count) => ['events', count])
    .output('result')

export const plain = () => (events) => [['events', events.length]]
