// SQL's three truth values as bytes, so that `and` is a minimum, `or` a maximum and `not` a subtraction.
export const FALSE = 0;
export const UNKNOWN = 1;
export const TRUE = 2;
