/** Where clients of Docker's Engine API are told to look when nobody says otherwise. */
export const API_SOCKET = '/run/skiff/docker.sock';
