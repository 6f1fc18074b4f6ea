/**
 * What a query parameter is read as: `text`; `flag`, Docker's true (anything but empty, 0, no, false and none); `number`, a
 * decimal integer; `list`, given several times; `json`, and `filters`, its object of lists or of maps to true.
 */
export type ParameterType = 'text' | 'flag' | 'number' | 'list' | 'json' | 'filters';

/** A query parameter that Docker's API documents, and what becomes of it here. */
export type Parameter =
  | ParameterType
  | {
      type: ParameterType;
      /** The minor number of the version of the API that it came with; to earlier ones it says nothing. */
      since?: number;
      /** The version that it was gone with. */
      before?: number;
      /** In what it differs from Docker's, on purpose. */
      differs?: string;
      /** Why it is refused when it is given, and not the value `unless`. */
      refused?: string;
      unless?: string;
    };

/** The query parameters of an endpoint by their names. */
export type Parameters = Readonly<Record<string, Parameter>>;
