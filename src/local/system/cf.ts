/** `request.cf` of a client in Austin, which the platform adds to each request. */
export const cf = {
  asn: 395_747,
  asOrganization: "Cloudflare",
  city: "Austin",
  colo: "DFW",
  continent: "NA",
  country: "US",
  httpProtocol: "HTTP/1.1",
  isEUCountry: false,
  latitude: "30.27130",
  longitude: "-97.74260",
  postalCode: "78701",
  region: "Texas",
  regionCode: "TX",
  timezone: "America/Chicago",
  tlsCipher: "AEAD-AES128-GCM-SHA256",
  tlsVersion: "TLSv1.3"
}
