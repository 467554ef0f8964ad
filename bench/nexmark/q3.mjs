import { StateSpec } from 'millrace'

/** Local items: who sells in certain states, as soon as both the person and an auction of category 10 are known. */
export function stream(events) {
  const match = (_id, event, state) => {
    const { person, auctions } = state.exists() ? state.get() : { person: undefined, auctions: [] }
    if (event.kind === 'person') {
      state.update({ person: event, auctions: [] })
      return auctions.map((auction) => `${event.name}, ${event.city}, ${event.state}: ${auction}`)
    }
    if (person !== undefined) return [`${person.name}, ${person.city}, ${person.state}: ${event.id}`]
    state.update({ person, auctions: [...auctions, event.id] })
    return []
  }
  events
    .filter(
      (event) =>
        (event.kind === 'person' && ['OR', 'ID', 'CA'].includes(event.state)) ||
        (event.kind === 'auction' && event.category === 10),
    )
    .map((event) => [event.kind === 'person' ? event.id : event.seller, event])
    .mapWithState(StateSpec.function(match))
    .flatMap((matches) => matches.map((match) => [match, 1]))
    .output('result')
}

export function plain() {
  const persons = new Map()
  const waiting = new Map()
  const line = ({ name, city, state }, auction) => [`${name}, ${city}, ${state}: ${auction}`, 1]
  return (events) => {
    const found = []
    for (const event of events) {
      if (event.kind === 'person' && ['OR', 'ID', 'CA'].includes(event.state)) {
        persons.set(event.id, event)
        for (const auction of waiting.get(event.id) ?? []) found.push(line(event, auction))
        waiting.delete(event.id)
      } else if (event.kind === 'auction' && event.category === 10) {
        const person = persons.get(event.seller)
        if (person) found.push(line(person, event.id))
        else waiting.set(event.seller, [...(waiting.get(event.seller) ?? []), event.id])
      }
    }
    return found
  }
}
