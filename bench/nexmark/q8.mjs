/** New users: who registered and opened auctions within the same 5 seconds, and how many. */
export function stream(events) {
  let found = []
  const persons = events.filter((event) => event.kind === 'person').map((person) => [person.id, person.name])
  const auctions = events.filter((event) => event.kind === 'auction').map((auction) => [auction.seller, 1])
  persons
    .window('5s', '5s')
    .join(auctions.reduceByKeyAndWindow((a, b) => a + b, '5s', '5s'))
    .map(([id, [, opened]]) => [id, opened])
    .foreachRDD(async (users) => {
      found = await users.collect()
    })
  return () => found
}

export function plain() {
  let batches = 0
  let persons = new Set()
  let opened = new Map()
  let result = []
  return (events) => {
    for (const event of events) {
      if (event.kind === 'person') persons.add(event.id)
      else if (event.kind === 'auction') opened.set(event.seller, (opened.get(event.seller) ?? 0) + 1)
    }
    if (++batches % 5 === 0) {
      result = [...opened].filter(([seller]) => persons.has(seller))
      persons = new Set()
      opened = new Map()
    }
    return result
  }
}
