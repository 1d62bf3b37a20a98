import type { Random } from '../../hotel/random.ts';
import { inventProfile, type Profile } from './guests.ts';
import type { Member, Party, Status } from './party.ts';
import { categories, channels, makeRooms, markets, origins, postingMaster, type Room } from './property.ts';
import type { Day } from './rows.ts';

/** How many profiles and parties that have left the hotel remembers: for guests who come back, merges, reinstating and purges. */
const remembered = 3000;

export type Wanted = {
  readonly arrival: Day;
  readonly departure: Day;
  readonly status: Status;
  readonly isPostingMaster?: boolean /** Over already: any room will do. */;
  readonly isPast?: boolean;
};
export type Booked = { readonly party: Party; readonly newProfiles: readonly Profile[] };

/** What the hotel knows by heart: who is booked, which rooms are taken, which numbers come next. */
export class Books {
  readonly rooms: readonly Room[];
  /** Everybody who is expected or in the house, by the number of their room's days. */
  readonly parties = new Map<number, Party>();
  /** Parties that are over, as far as they are remembered. */
  readonly past: Party[] = [];
  readonly #random: Random;
  readonly #profiles: Profile[] = [];
  readonly #taken = new Set<string>();
  /** Parties whose booking is not committed: nobody else knows them, but their profiles are in use. */
  readonly #arriving = new Set<Party>();
  readonly #byCategory = new Map<string, Room[]>();
  #nextReservation: number;
  #nextName: number;
  #nextElement = 1;

  constructor(random: Random, { rooms, idsFrom }: { readonly rooms: number; readonly idsFrom: number }) {
    this.#nextReservation = idsFrom + 1001;
    this.#nextName = idsFrom + 501;
    this.#random = random;
    this.rooms = makeRooms(rooms);
    for (const { number } of categories)
      this.#byCategory.set(
        number,
        this.rooms.filter(({ category }) => category === number),
      );
  }

  /** Invent a party: alone, with companions, or with a sharer who has a reservation too. */
  invent({ arrival, departure, status, isPostingMaster = false, isPast = false }: Wanted): Booked {
    const random = this.#random;
    const newProfiles: Profile[] = [];
    const person = (): Profile => {
      if (this.#profiles.length > 0 && random.chance(0.35)) return random.pick(this.#profiles);
      const profile = inventProfile(random, this.#nextName++);
      newProfiles.push(profile);
      return profile;
    };
    const hasSharer = !isPostingMaster && random.chance(0.08);
    const isHalved = random.chance(0.5);
    const members = [this.#member(person(), 'DG', hasSharer && isHalved ? 0.5 : 1)];
    if (hasSharer) members.push(this.#member(person(), 'DG', isHalved ? 0.5 : 0));
    else if (!isPostingMaster && random.chance(0.12)) members.push(this.#member(person(), 'AG', 0));
    const roll = random.next();
    const kind = categories.find((_, at) => roll < categories.slice(0, at + 1).reduce((sum, { share }) => sum + share, 0)) ?? categories[1];
    const category = isPostingMaster ? postingMaster : (kind?.number ?? '102');
    const rate = Math.round((kind?.rate ?? 100) * (0.8 + random.next() * 0.5) * 100) / 100;
    const party: Party = {
      members,
      elementSeq: this.#nextElement++,
      status,
      arrival,
      departure,
      category,
      bookedCategory: category,
      room: isPostingMaster ? random.pick(['PM01', 'PM02', 'PM03']) : null,
      rate: isPostingMaster ? 0 : rate,
      adults: isPostingMaster ? 0 : random.between(1, 2),
      children: random.chance(0.15) ? 1 : 0,
      rateCode: random.pick(['RACK', 'BAR', 'CORP']),
      market: random.pick(markets),
      origin: random.pick(origins),
      channel: random.pick(channels),
      isPostingMaster,
      isLocked: false,
    };
    this.#arriving.add(party);
    if (isPostingMaster) return { party, newProfiles };
    if (isPast) party.room = status === 'CHECKED OUT' ? random.pick(this.#byCategory.get(category) ?? this.rooms).room : null;
    else if (status === 'CHECKED IN' || random.chance(0.4)) party.room = this.takeRoom(party);
    return { party, newProfiles };
  }

  /** What is committed can be met again: the profiles by other bookings, the party by the front desk. */
  enter({ party, newProfiles }: Booked): void {
    this.#arriving.delete(party);
    this.#meet(newProfiles);
    this.parties.set(party.elementSeq, party);
  }

  /** A booking that came to nothing. */
  drop(party: Party): void {
    this.#arriving.delete(party);
    this.freeRoom(party);
  }

  /** A party of the past: its profiles may come back, and it may be purged. */
  remember({ party, newProfiles }: Booked): void {
    this.#arriving.delete(party);
    this.#meet(newProfiles);
    this.#keep(this.past, party);
  }

  /** Somebody is gone, or will not come. */
  leave(party: Party): void {
    this.freeRoom(party);
    this.parties.delete(party.elementSeq);
    this.#keep(this.past, party);
  }

  forget(party: Party): void {
    this.freeRoom(party);
    this.parties.delete(party.elementSeq);
    const at = this.past.indexOf(party);
    if (at >= 0) this.past.splice(at, 1);
  }

  /** Find a room of the party's kind that is free all the time, and take it; null when a few tries find none. */
  takeRoom({ category, arrival, departure }: Pick<Party, 'category' | 'arrival' | 'departure'>): string | null {
    const choice = this.#byCategory.get(category) ?? [];
    for (let attempt = 0; attempt < 12 && choice.length > 0; attempt += 1) {
      const { room } = this.#random.pick(choice);
      const days = occupiedDays({ room, arrival, departure });
      if (days.some((day) => this.#taken.has(day))) continue;
      for (const day of days) this.#taken.add(day);
      return room;
    }
    return null;
  }

  /** Keep a room for somebody who is in it, whoever else was to have it. */
  holdRoom({ room, arrival, departure }: Pick<Party, 'room' | 'arrival' | 'departure'>): void {
    if (room !== null) for (const day of occupiedDays({ room, arrival, departure })) this.#taken.add(day);
  }

  freeRoom({ room, arrival, departure }: Pick<Party, 'room' | 'arrival' | 'departure'>): void {
    if (room !== null) for (const day of occupiedDays({ room, arrival, departure })) this.#taken.delete(day);
  }

  /** Two profiles of which the first is to go: both of guests that nobody is writing about just now. */
  twoProfiles(): readonly [from: number, to: number] | null {
    const busy = new Set(
      [...this.parties.values()].filter(({ isLocked }) => isLocked).flatMap(({ members }) => members.map(({ nameId }) => nameId)),
    );
    const [from, to] = [this.#random.pick(this.#profiles), this.#random.pick(this.#profiles)];
    return from.nameId === to.nameId || busy.has(from.nameId) || busy.has(to.nameId) ? null : [from.nameId, to.nameId];
  }

  get hasProfiles(): boolean {
    return this.#profiles.length > 10;
  }

  /** Take a profile out of use, so that no booking names it while it is merged away. */
  retire(nameId: number): void {
    const at = this.#profiles.findIndex((profile) => profile.nameId === nameId);
    if (at >= 0) this.#profiles.splice(at, 1);
  }

  merged(from: number, to: number): void {
    for (const party of [...this.parties.values(), ...this.past])
      for (const member of party.members) if (member.nameId === from) member.nameId = to;
  }

  #meet(profiles: readonly Profile[]): void {
    for (const profile of profiles) this.#keep(this.#profiles, profile);
  }

  /** One more in a list that grows no longer than memory: somebody else is forgotten. */
  #keep<T>(list: T[], item: T): void {
    if (list.length < remembered) list.push(item);
    else list[this.#random.between(0, remembered - 1)] = item;
  }

  #member({ nameId, lastName, firstName }: Profile, usage: Member['usage'], share: number): Member {
    return { resvNameId: this.#nextReservation++, nameId, lastName, firstName, usage, share };
  }
}

function occupiedDays({ room, arrival, departure }: { readonly room: string; readonly arrival: Day; readonly departure: Day }): string[] {
  return Array.from({ length: Math.max(1, departure - arrival) }, (_, at) => `${room} ${arrival + at}`);
}
