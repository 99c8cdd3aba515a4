// What marks a file as made by us: such a file may be written anew, and no other.
export const MARK = 'made by runbook';
