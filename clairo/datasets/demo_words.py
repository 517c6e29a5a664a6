"""The words of the demo world's themes.

A theme's words appear in no other theme, and no word here names a color, a form or a pattern:
the text tells the theme and nothing of the look.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Theme:
    """What products of one theme are called and said to be.

    Attributes:
        category: Most specific category.
        department: Broader category.
        brands: Invented makers.
        products: What the thing is.
        features: Bullet points.
        uses: What it is for; completes "Made for ...".
        price_range: Lowest and highest price in dollars.
    """

    category: str
    department: str
    brands: tuple[str, ...]
    products: tuple[str, ...]
    features: tuple[str, ...]
    uses: tuple[str, ...]
    price_range: tuple[int, int]


QUALIFIERS: Final = (
    "Compact Edition", "Everyday Series", "Second Generation", "Starter Version", "Gift Box",
    "Classic Line", "Premium Choice", "Family Pack", "Improved Model", "Limited Release",
    "Value Bundle", "Signature Series",
)  # fmt: skip
"""End a title in any theme."""

REMARKS: Final = (
    "Ships in recyclable packaging.", "Comes with a two year warranty.", "A thoughtful present.",
    "Easy to clean and store.", "Tested by our own team.", "Loved by thousands of customers.",
    "Replacement parts are available.", "Designed with care for daily life.",
    "Instructions are included.", "Satisfaction guaranteed or your money back.",
)  # fmt: skip
"""End a description in any theme."""

THEMES: Final = (
    Theme(
        "Coffee Makers", "Kitchen",
        ("Brewster Vale", "Mokaline", "Crema Works"),
        ("Espresso Machine", "Burr Coffee Grinder", "Pour Over Dripper", "Moka Pot",
         "Cold Brew Carafe"),
        ("Rich crema from freshly ground beans", "Adjustable grind for any roast",
         "Steam wand for milk foam", "Reusable coffee filter", "Barista pressure pump",
         "Keeps espresso aroma intact"),
        ("brewing espresso at home", "slow coffee mornings", "latte lovers and baristas",
         "fresh roast tasting"),
        (25, 240),
    ),
    Theme(
        "Fishing Tackle", "Outdoors",
        ("Trout Harbor", "Anglerite", "Deepcast"),
        ("Spinning Reel", "Fishing Rod", "Lure Assortment", "Tackle Bag", "Landing Net"),
        ("Smooth drag for bass and trout", "Corrosion proof saltwater bearings",
         "Sharp barbless hooks", "Braided fishing line included", "Realistic swimming bait",
         "Sensitive rod tip feels every bite"),
        ("anglers at the lake", "saltwater fishing trips", "catching trout and bass",
         "fly casting in rivers"),
        (8, 130),
    ),
    Theme(
        "Yoga Gear", "Fitness",
        ("Asana Loft", "Namaste Mill", "Prana Post"),
        ("Yoga Mat", "Cork Yoga Block", "Meditation Cushion", "Stretching Strap",
         "Pilates Bolster"),
        ("Non slip grip for every pose", "Cushions knees in deep stretches",
         "Natural rubber mat base", "Supports restorative asana", "Helps balance and flexibility",
         "Sweat resistant studio surface"),
        ("vinyasa and pilates practice", "meditation at sunrise", "stretching after workouts",
         "studio classes and poses"),
        (9, 75),
    ),
    Theme(
        "Guitar Accessories", "Music",
        ("Fretwood", "Luthier Lane", "Stringbird"),
        ("Acoustic Guitar Strings", "Guitar Capo", "Clip On Tuner", "Overdrive Pedal",
         "Padded Gig Bag"),
        ("Warm tone for fingerstyle players", "Fast chromatic tuning on stage",
         "Bronze wound strings", "Protects frets and neck", "True bypass amplifier pedal",
         "Holds chords in perfect intonation"),
        ("acoustic and electric guitarists", "strumming chords and solos",
         "band rehearsal and gigs", "songwriters on tour"),
        (6, 150),
    ),
    Theme(
        "Baking Tools", "Pantry",
        ("Flour Street", "Patissio", "Oven Tales"),
        ("Sourdough Proofing Basket", "Loaf Pan", "Rolling Pin", "Cookie Cutter Tin",
         "Pastry Piping Kit"),
        ("Crisp crust and airy crumb", "Even heat for cakes and bread", "Nonstick muffin release",
         "Kneads dough without flour mess", "Piping nozzles for frosting",
         "Oven safe to high heat"),
        ("sourdough bread bakers", "birthday cakes and cookies", "pastry dough and pie crust",
         "holiday baking with butter and sugar"),
        (7, 60),
    ),
    Theme(
        "Camping Equipment", "Adventure",
        ("Timberline", "Basecampo", "Wildpeak"),
        ("Backpacking Tent", "Down Sleeping Bag", "Camp Stove", "Trekking Poles",
         "Headlamp Lantern"),
        ("Waterproof rainfly and tent poles", "Packs small for the trail",
         "Boils water at the campsite", "Insulated against cold nights",
         "Lightweight trekking aluminum", "Bright lantern beam after dark"),
        ("backpackers on long trails", "campfire weekends", "hiking in the mountains",
         "wilderness shelter in storms"),
        (18, 320),
    ),
    Theme(
        "Camera Accessories", "Photo",
        ("Aperturia", "Shutterfield", "Lumenique"),
        ("Camera Tripod", "Prime Lens", "Lens Filter Kit", "Camera Shoulder Bag",
         "Speedlight Flash"),
        ("Sharp optics at wide aperture", "Steady long exposure shots", "Fits mirrorless cameras",
         "Multi coated lens glass", "Wireless flash trigger", "Quick release ball head"),
        ("portrait and wildlife photographers", "landscape photography",
         "shooting video on location", "macro exposure with shallow focus"),
        (15, 480),
    ),
    Theme(
        "Garden Tools", "Garden",
        ("Rootwell", "Potting Bench", "Harrow Sons"),
        ("Pruning Shears", "Hand Trowel", "Watering Can", "Seedling Tray", "Garden Hoe"),
        ("Cuts stems and branches clean", "Loosens soil around roots", "Germinates seeds indoors",
         "Feeds compost to vegetables", "Rust proof trowel blade", "Gentle spray for seedlings"),
        ("pruning shrubs and hedges", "planting tomatoes and herbs", "raised vegetable beds",
         "gardeners who love soil"),
        (6, 65),
    ),
    Theme(
        "Bicycle Parts", "Cycling",
        ("Velodrome", "Pedalsmith", "Gearhub"),
        ("Bike Chain", "Road Bike Saddle", "Disc Brake Set", "Bicycle Pump", "Pannier Rack"),
        ("Crisp shifting on derailleur gears", "Puncture resistant tire casing",
         "Strong braking on descents", "Breathable saddle for long rides",
         "Fits most handlebars and frames", "Quick inflation of bicycle tires"),
        ("commuters and cyclists", "gravel and road racing", "mountain bike rides",
         "touring with panniers"),
        (10, 140),
    ),
    Theme(
        "Board Games", "Toys",
        ("Meeple Manor", "Dicehall", "Cardhouse Guild"),
        ("Strategy Board Game", "Cooperative Card Game", "Wooden Chess Set", "Party Trivia Game",
         "Dice Tower"),
        ("Two to five players", "Clever rules learned in minutes", "Linen finish playing cards",
         "Weighted chess pieces", "Endless replay with new scenarios", "Hidden roles and bluffing"),
        ("family game night", "strategy players and puzzlers", "tournaments of chess",
         "laughing over trivia and dice"),
        (12, 90),
    ),
    Theme(
        "Skin Care", "Beauty",
        ("Dermafina", "Petal Apothecary", "Hydraluna"),
        ("Moisturizing Face Cream", "Vitamin Serum", "Clay Mask", "Gentle Cleanser",
         "Mineral Sunscreen"),
        ("Hyaluronic acid hydrates skin", "Fragrance free for sensitive faces",
         "Retinol smooths wrinkles", "Calms irritation and acne", "Dermatologist approved lotion",
         "Absorbs without oily residue"),
        ("dry and sensitive skin", "an evening facial routine", "glowing complexion and pores",
         "daily sun protection"),
        (8, 70),
    ),
    Theme(
        "Aquarium Supplies", "Pets",
        ("Reefcrest", "Aquaterra", "Guppy Lagoon"),
        ("Aquarium Canister Filter", "Submersible Heater", "Fish Tank Gravel",
         "Tropical Fish Flakes", "Air Bubble Pump"),
        ("Removes ammonia and nitrite", "Quiet impeller for small tanks",
         "Stable temperature for tropical fish", "Safe for shrimp and corals",
         "Biological media keeps algae down", "Nutrition for guppies and tetras"),
        ("freshwater and reef aquariums", "planted fish tanks", "betta and cichlid keepers",
         "breeding shrimp and corals"),
        (5, 120),
    ),
    Theme(
        "Knitting Supplies", "Crafts",
        ("Skein Cottage", "Purlwise", "Woolgather"),
        ("Merino Yarn Skein", "Bamboo Knitting Needles", "Crochet Hook Kit", "Stitch Marker Tin",
         "Yarn Bowl"),
        ("Soft merino wool fibers", "Smooth needle tips never snag", "Chunky weight for blankets",
         "Hand spun alpaca blend", "Counts stitches and rows", "Ergonomic crochet handles"),
        ("knitting sweaters and socks", "crochet blankets", "purling scarves in winter",
         "knitters who adore wool"),
        (5, 48),
    ),
    Theme(
        "Telescopes", "Science",
        ("Orrery Optical", "Nebulon", "Starward"),
        ("Refractor Telescope", "Astronomy Eyepiece", "Equatorial Mount", "Lunar Viewer",
         "Stargazing Binoculars"),
        ("Resolves craters on the moon", "Tracks planets across the sky",
         "Collimated primary mirror", "Night vision preserved",
         "Finder scope aligned to Polaris", "Shows galaxies and nebulae"),
        ("amateur astronomers", "observing Saturn and Jupiter", "galaxies under rural skies",
         "eclipse and comet watching"),
        (30, 600),
    ),
    Theme(
        "Swimming Gear", "Aquatics",
        ("Lapwing Swim", "Poolside", "Freestylo"),
        ("Swim Goggles", "Silicone Swim Cap", "Training Fins", "Kickboard", "Snorkel Mask"),
        ("Anti fog goggle seal", "Reduces drag in the pool", "Chlorine proof fabric",
         "Strengthens kicks and flutter", "Fits swimmers of any age", "Leak free snorkel valve"),
        ("laps in the pool", "triathlon swimmers", "freestyle and butterfly drills",
         "snorkeling on vacation"),
        (7, 55),
    ),
    Theme(
        "Model Railways", "Hobby",
        ("Junction Miniatures", "Signalbox", "Locomotora"),
        ("Steam Locomotive", "Freight Wagon", "Railway Track Pack", "Station Diorama",
         "Digital Train Controller"),
        ("Detailed locomotive rivets", "Runs on nickel plated rails", "Scale couplings included",
         "Realistic whistle and engine sound", "Switches and signals ready to wire",
         "Hand finished carriage interior"),
        ("railway collectors", "building miniature layouts", "running trains around the station",
         "engineers of tiny timetables"),
        (12, 260),
    ),
)  # fmt: skip
"""In the order in which worlds with fewer themes take them."""
