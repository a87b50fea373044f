/** @file Members of the forum. The forge's developers are some of the same people. */

/** `user name, full name, city`; the first is whom tasks sign in as. */
const LIST = `
mira, Mira Olsen, Bergen
anton, Anton Weiss, Leipzig
bella, Bella Hart, Bristol
carlos, Carlos Medina, Seville
daria, Daria Novak, Brno
edwin, Edwin Park, Portland
farah, Farah Aziz, Leeds
gregor, Gregor Lang, Graz
hanna, Hanna Virtanen, Tampere
ivan, Ivan Petrov, Varna
jonas, Jonas Berg, Uppsala
keiko, Keiko Mori, Osaka
liam, Liam Doyle, Cork
marta, Marta Costa, Porto
nadia, Nadia Haddad, Lyon
oscar, Oscar Lund, Aarhus
paula, Paula Reyes, Quito
quentin, Quentin Roux, Nantes
rosa, Rosa Bianchi, Turin
stefan, Stefan Vogel, Bonn
tomas, Tomas Horak, Ostrava
ursula, Ursula Meier, Basel
viktor, Viktor Szabo, Pecs
wendy, Wendy Clarke, Halifax
xavier, Xavier Puig, Girona
yasmin, Yasmin Kaya, Izmir
zoltan, Zoltan Nagy, Szeged
alma, Alma Lindqvist, Malmo
bruno, Bruno Alves, Recife
clara, Clara Jensen, Odense
dmitri, Dmitri Orlov, Riga
elena, Elena Popescu, Cluj
felix, Felix Brandt, Kassel
greta, Greta Holm, Lund
hugo, Hugo Martin, Rennes
ingrid, Ingrid Dahl, Tromso
jasper, Jasper Visser, Utrecht
kamila, Kamila Wolska, Gdansk
lorenzo, Lorenzo Greco, Bari
maeve, Maeve Byrne, Galway
nils, Nils Ekman, Gavle
olive, Olive Turner, Bath
pavel, Pavel Cerny, Plzen
ramona, Ramona Diaz, Toledo
samuel, Samuel Osei, Accra
tessa, Tessa Bakker, Delft
umberto, Umberto Sala, Parma
vera, Vera Kovac, Split
walter, Walter Hughes, Cardiff
ximena, Ximena Soto, Cusco
yannick, Yannick Leroy, Ghent
zara, Zara Khan, Luton
arne, Arne Solberg, Molde
birgit, Birgit Koch, Ulm
cedric, Cedric Blanc, Dijon
dora, Dora Varga, Eger
emil, Emil Strand, Visby
fiona, Fiona Grant, Perth
gustav, Gustav Ahl, Kalmar
helga, Helga Thorsen, Bodo
`;

export interface Person {
  name: string;
  fullName: string;
  city: string;
}

export const PEOPLE: Person[] = LIST.trim()
  .split("\n")
  .map((line) => {
    const [name = "", fullName = "", city = ""] = line.split(", ");
    return { name, fullName, city };
  });

/** Whom tasks sign in as, on the forum and on the forge. */
export const USUAL_USER = "mira";
