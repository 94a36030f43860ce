//! Stores the layers that attributes create. A [`Layers`] contains all layers of one kind, such as all bulkheads.

use std::collections::{BTreeMap, BTreeSet};
use std::ptr;
use std::sync::Mutex;

use crate::base::name::Name;
use crate::base::sync::lock_std;
use crate::registry::configured::Configured;
use crate::registry::labels::{labels, path};
use crate::registry::layer::{Layer, LayerDeclaration, Options};
use crate::registry::mistake::SettingsMistake;
use crate::registry::places::{Place, conflict_of_kinds, conflicts, merged, mistakes};

/// A kind of layer that [`get_stats`](crate::get_stats) lists.
pub trait Listed: Layer {
    /// Returns the existing layers of this kind.
    fn layers() -> &'static Layers<Self>;

    /// Returns the declarations of all attributes of this kind. Without the feature `declare`, the list is empty.
    fn declared() -> Vec<&'static LayerDeclaration<Self>>;

    /// Returns the names of the layers of the related kind, which differs from this kind only by the option `key`. For
    /// a layer without a name, returns the path of its function. A kind with the option `key` also returns the labels of
    /// the layers without `key`. The label of an unnamed layer never equals one of these texts, because a change at run
    /// time selects layers of both kinds by label.
    fn names_of_other_kind() -> Vec<String> {
        Vec::new()
    }

    /// Returns the conflict of a name that attributes use both with and without the option `key`. Returns `None` if an
    /// earlier call has returned the conflict of this name. The caller must hold no lock of [`Layers`].
    fn conflict_of_kinds(_name: &'static str) -> Option<SettingsMistake> {
        None
    }

    /// Returns a new layer with these options, for an unused layer with the option `key`. The new layer has the right
    /// number of shards (parts) for the option `max_keys`. Returns `None` for other layers.
    fn renewed(&self, _options: &Self::Options) -> Option<Self> {
        None
    }
}

/// All layers of one kind. Attributes with the same name share one layer. Each attribute without a name has its own
/// layer.
#[derive(Debug)]
pub struct Layers<L: Layer>(pub(super) Mutex<Parts<L>>);

#[derive(Debug)]
#[allow(unreachable_pub)] // The public type `Layers` contains this type.
pub struct Parts<L: Layer> {
    pub(super) named: BTreeMap<&'static str, Known<L>>,
    pub(super) unnamed: Vec<Known<L>>,
    /// The names whose conflict [`Layers::conflict_of_kinds`] has returned. For a kind with the option `key`, the set
    /// is empty, because the related kind without `key` contains the names.
    of_both_kinds: BTreeSet<&'static str>,
}

/// An existing layer, and the attributes that share it because they have the same name.
#[derive(Clone, Debug)]
#[allow(unreachable_pub)] // The public type `Layers` contains this type.
pub struct Known<L: Layer> {
    pub(super) layer: L,
    /// The attributes that use the layer: all attributes with its name, or one attribute without a name. If several
    /// attributes set one option, the first one wins.
    pub(super) places: Vec<Place<L>>,
    /// The options of the attributes, which were merged when the layer was created.
    pub(super) written: L::Options,
    /// The changes at run time.
    pub(super) configured: Configured<L::Options>,
    /// Whether [`Layers::join`] has returned the mistakes of the attributes. If a change at run time creates the layer
    /// before the first call, the field is false until this call.
    is_reported: bool,
}

impl<L: Layer> Known<L> {
    /// Creates the layer of all attributes with one name, or of one attribute without a name.
    pub(super) fn create(name: &'static str, places: Vec<Place<L>>) -> Self {
        let written = merged(&places);
        let layer = L::create(Name::Static(name), &written);
        Self { layer, places, written, configured: Configured::default(), is_reported: false }
    }

    /// Works like [`create`](Self::create), for a layer with a name. Also restores the state that a snapshot contains
    /// for this name.
    pub(super) fn joined(name: &'static str, places: Vec<Place<L>>) -> Self {
        let known = Self::create(name, places);
        #[cfg(feature = "serde")]
        known.layer.take_waiting(name);
        known
    }

    pub(super) fn unnamed(place: Place<L>) -> Self {
        Self::create(place.func, vec![place])
    }

    /// Adds the options of an attribute that was not collected at link time. Returns the conflicts between this
    /// attribute and the earlier attributes, whose options stay in force.
    fn add(&mut self, place: Place<L>) -> Vec<SettingsMistake> {
        let conflicts = conflicts(&self.places, place);
        self.places.push(place);
        self.written = self.written.joined(place.options);
        // Fails only if the layer has had too many different settings. The earlier settings then stay in force.
        self.layer.apply(&self.configured.over(self.written, L::Options::over));
        conflicts
    }

    /// Returns the mistakes of the attributes. The caller must emit an event for each mistake. Leaves out the mistake
    /// about a missing required option if a change at run time sets this option.
    fn report(&mut self) -> Vec<SettingsMistake> {
        self.is_reported = true;
        let is_missing = self.configured.over(self.written, L::Options::over).missing().is_some();
        let is_mistake = |found: &SettingsMistake| is_missing || !matches!(found, SettingsMistake::MissingOption(_));
        mistakes(&self.places).into_iter().filter(is_mistake).collect()
    }

    pub(super) fn is_of(&self, place: Place<L>) -> bool {
        self.places.iter().any(|known| ptr::eq(*known, place))
    }
}

impl<L: Listed> Layers<L> {
    pub const fn new() -> Self {
        Self(Mutex::new(Parts { named: BTreeMap::new(), unnamed: Vec::new(), of_both_kinds: BTreeSet::new() }))
    }

    /// Returns the layer of an attribute, and creates the layer if it does not exist. Also returns the mistakes in the
    /// settings of the layer. Leaves out mistakes that an earlier call of this method has returned.
    pub(crate) fn join(&self, declaration: Place<L>) -> (L, Vec<SettingsMistake>) {
        let (layer, mut mistakes) = self.join_kind(declaration);
        mistakes.extend(declaration.name.and_then(L::conflict_of_kinds));
        (layer, mistakes)
    }

    /// Works like [`join`](Self::join), but leaves out the conflict of a name that is used with and without `key`.
    fn join_kind(&self, declaration: Place<L>) -> (L, Vec<SettingsMistake>) {
        // Collects the declarations before the lock is taken, so that other threads wait less.
        let declared = declaration.name.map(declared);
        let mut parts = lock_std(&self.0);
        let (Some(name), Some(mut places)) = (declaration.name, declared) else {
            return (parts.unnamed(declaration).layer.clone(), Vec::new());
        };
        if let Some(known) = parts.named.get_mut(name) {
            let mistakes = if known.is_of(declaration) { Vec::new() } else { known.add(declaration) };
            let mistakes = if known.is_reported { mistakes } else { known.report() };
            return (known.layer.clone(), mistakes);
        }
        if places.is_empty() {
            places.push(declaration);
        }
        let mut known = Known::joined(name, places);
        let mistakes = known.report();
        let layer = known.layer.clone();
        parts.named.insert(name, known);
        (layer, mistakes)
    }

    /// Returns the statistics of each layer. The keys of the map are the labels of the layers, see
    /// [`labelled`](Self::labelled).
    pub(crate) fn stats(&self) -> BTreeMap<String, L::Stats> {
        self.labelled().map(|(label, layer)| (label, layer.layer_stats())).collect()
    }

    /// Returns each layer with its label. The label is the name of the layer or, if the layer has no name, the path of
    /// its function. Includes each layer that an attribute declares, even if no call has created the layer yet.
    pub(crate) fn labelled(&self) -> impl Iterator<Item = (String, L)> + use<L> {
        self.known().into_iter().map(|(label, known)| (label, known.layer))
    }

    /// Works like [`labelled`](Self::labelled), and also returns whether the layer has a name.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (String, bool, L)> + use<L> {
        let is_named = |known: &Known<L>| known.places.iter().any(|place| place.name.is_some());
        self.known().into_iter().map(move |(label, known)| (label, is_named(&known), known.layer))
    }

    /// Calls `find` with the label of each layer, and returns each layer for which `find` returns a value. Also returns
    /// this value, and the mistakes that [`join`](Self::join) returns. If an attribute declares such a layer, but no
    /// call has created it yet, creates the layer after the call of `find`.
    #[cfg(feature = "serde")]
    pub(crate) fn find_labels<T>(&self, find: impl Fn(&str) -> Option<T>) -> Vec<(T, (L, Vec<SettingsMistake>))> {
        let found = self.known().into_iter().filter_map(|(label, known)| {
            let found = find(&label)?;
            let joined = match known.places.first() {
                Some(place) => self.join(place),
                None => (known.layer, Vec::new()),
            };
            Some((found, joined))
        });
        found.collect()
    }

    /// Works like [`labelled`](Self::labelled), but returns each layer with its attributes and options.
    pub(super) fn known(&self) -> Vec<(String, Known<L>)> {
        let parts = lock_std(&self.0);
        let mut named = parts.named.clone();
        let mut unnamed = parts.unnamed.clone();
        drop(parts);
        let declarations = L::declared();
        for declaration in &declarations {
            match declaration.name {
                Some(name) => {
                    named.entry(name).or_insert_with(|| Known::create(name, declared::<L>(name)));
                }
                None if unnamed.iter().any(|known| known.is_of(declaration)) => {}
                None => unnamed.push(Known::unnamed(declaration)),
            }
        }
        // Attributes from one macro call have the same source position. Their order must not depend on their first
        // calls, because the number in a label follows from the order.
        let rank = |place: Place<L>| declarations.iter().position(|declared| ptr::eq(*declared, place));
        let key = |place: Place<L>| (place.order(), rank(place).unwrap_or(usize::MAX));
        unnamed.sort_by_cached_key(|known| known.places.first().map(|place| key(place)));
        let places = unnamed.iter().flat_map(|known| known.places.iter().copied());
        let other = L::names_of_other_kind();
        let labels = labels(places, |label: &str| named.contains_key(label) || other.iter().any(|name| name == label));
        let named = named.into_iter().map(|(name, known)| (name.to_owned(), known));
        labels.into_iter().zip(unnamed).chain(named).collect()
    }

    /// Returns the value of the option `name` of each attribute. For an attribute without a name, returns the path of
    /// its function.
    pub(super) fn names(&self) -> Vec<String> {
        let parts = lock_std(&self.0);
        let existing: Vec<_> =
            parts.named.values().chain(&parts.unnamed).flat_map(|known| known.places.clone()).collect();
        drop(parts);
        let places = L::declared().into_iter().chain(existing);
        places.map(|place| place.name.map_or_else(|| path(place), str::to_owned)).collect()
    }

    /// Returns the mistakes in the settings of all layers of this kind.
    pub(crate) fn check(&self) -> Vec<SettingsMistake> {
        self.places().values().flat_map(|places| mistakes(places)).collect()
    }

    /// Returns a mistake for each name that attributes use both with and without the option `key`. `keyed` contains the
    /// layers with `key`.
    pub(crate) fn check_kinds<K: Listed>(&self, keyed: &Layers<K>) -> Vec<SettingsMistake> {
        let (plain, keyed) = (self.places(), keyed.places());
        let both = plain.iter().filter_map(|(name, places)| Some((places, keyed.get(name)?)));
        both.filter_map(|(plain, keyed)| conflict_of_kinds(plain, keyed)).collect()
    }

    /// Returns a conflict if attributes use the name both with and without the option `key`, and if no earlier call has
    /// returned this conflict. `keyed` contains the layers with `key`.
    pub(super) fn conflict_of_kinds<K: Listed>(
        &self,
        keyed: &Layers<K>,
        name: &'static str,
    ) -> Option<SettingsMistake> {
        let conflict = conflict_of_kinds(&self.places_of(name), &keyed.places_of(name))?;
        lock_std(&self.0).of_both_kinds.insert(name).then_some(conflict)
    }

    /// Returns the attributes with this name.
    fn places_of(&self, name: &'static str) -> Vec<Place<L>> {
        let known = lock_std(&self.0).named.get(name).map(|known| known.places.clone());
        known.unwrap_or_else(|| declared(name))
    }

    /// Returns a map from each name to the attributes with this name.
    fn places(&self) -> BTreeMap<&'static str, Vec<Place<L>>> {
        let mut names: BTreeMap<&'static str, Vec<Place<L>>> = BTreeMap::new();
        for declaration in L::declared() {
            if let Some(name) = declaration.name {
                names.entry(name).or_insert_with(|| declared(name));
            }
        }
        for (name, named) in &lock_std(&self.0).named {
            names.insert(name, named.places.clone());
        }
        names
    }

    /// Calls `see` for each existing layer. No lock is held while `see` runs.
    pub(crate) fn each(&self, see: impl FnMut(L)) {
        let parts = lock_std(&self.0);
        let named = parts.named.values().map(|named| named.layer.clone());
        let layers: Vec<_> = named.chain(parts.unnamed.iter().map(|unnamed| unnamed.layer.clone())).collect();
        drop(parts);
        layers.into_iter().for_each(see);
    }
}

impl<L: Layer> Parts<L> {
    /// Returns the layer of an attribute without a name, and creates the layer if it does not exist.
    pub(super) fn unnamed(&mut self, place: Place<L>) -> &mut Known<L> {
        let index = self.unnamed.iter().position(|known| known.is_of(place)).unwrap_or_else(|| {
            self.unnamed.push(Known::unnamed(place));
            self.unnamed.len() - 1
        });
        &mut self.unnamed[index]
    }
}

/// Returns the declarations with this name, sorted by source position.
pub(super) fn declared<L: Listed>(name: &'static str) -> Vec<Place<L>> {
    let mut places: Vec<_> = L::declared().into_iter().filter(|declaration| declaration.name == Some(name)).collect();
    places.sort_by_key(|place| place.order());
    places
}

/// Returns the options in force for the layer of an attribute. A change at run time takes precedence over the
/// attributes with the same name.
#[cfg(feature = "test-util")]
pub(crate) fn in_force<L: Listed>(declaration: Place<L>) -> L::Options {
    let written = declaration.name.map_or(declaration.options, |name| merged(&declared::<L>(name)));
    let parts = lock_std(&L::layers().0);
    let known = match declaration.name {
        Some(name) => parts.named.get(name),
        None => parts.unnamed.iter().find(|known| known.is_of(declaration)),
    };
    known.map_or(written, |known| known.configured.over(known.written, L::Options::over))
}

#[cfg(all(test, not(feature = "declare"), not(resilience_loom)))]
mod tests {
    use super::*;
    use crate::bulkhead::bulkhead::Bulkhead;
    use crate::rate_limit::rate_limit::RateLimit;
    use crate::registry::site::Site;

    #[test]
    fn later_attribute_of_a_name_adds_its_options() {
        static FIRST: Site<RateLimit> =
            Site::new(LayerDeclaration::<RateLimit>::new("first", "test").name("adds").per_second(1).burst(1));
        static SECOND: Site<RateLimit> =
            Site::new(LayerDeclaration::<RateLimit>::new("second", "test").name("adds").max_queue(7));
        static NARROW: Site<Bulkhead> = Site::new(LayerDeclaration::<Bulkhead>::new("narrow", "test").name("adds max"));
        static WIDE: Site<Bulkhead> =
            Site::new(LayerDeclaration::<Bulkhead>::new("wide", "test").name("adds max").max(2));
        assert!(FIRST.get().try_acquire().is_ok());
        assert!(SECOND.get().try_acquire().is_err(), "the earlier options stay in force");
        let in_force = || RateLimit::layers().known().into_iter().find(|(label, _)| label == "adds").unwrap().1.written;
        assert_eq!((in_force().burst, in_force().max_queue), (Some(1), Some(7)));

        NARROW.get();
        assert!(WIDE.get().try_acquire().is_ok());
        assert_eq!(Bulkhead::layers().stats()["adds max"].max, 2);
    }
}
