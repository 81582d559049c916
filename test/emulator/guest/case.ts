// One thing that must hold inside a guest: what, and the work that throws where it does not.
export type GuestCase = readonly [name: string, work: () => Promise<void>];
