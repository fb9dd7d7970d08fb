export interface Datagram {
  readonly bytes: Uint8Array;
  readonly from: { readonly address: string; readonly port: number };
}
