/** Words for readable names: short, plain, and offending nobody. */
export const petWords = {
  adverbs:
    "boldly bravely calmly clearly deeply duly early easily fairly firmly fully gently gladly greatly happily highly justly kindly lightly likely mildly nearly neatly nicely openly partly promptly purely quickly quietly rarely readily rightly safely simply slowly smoothly softly surely swiftly tightly truly usually vastly warmly wholly widely wisely".split(
      " ",
    ),
  adjectives:
    "able amber ample apt aware bold brave brief bright brisk calm casual central certain clean clear clever close cool cosmic crisp daring dear deep direct eager early easy elegant equal exact fair famous fast fine firm fit fluent fond free fresh full gentle glad golden good grand great handy happy hardy holy honest humble ideal keen kind large legal light liked live lively loved loyal lucky magic major mature merry mighty modern modest moved native neat new nice noble noted novel open outgoing patient polite prime prompt proper proud pure quick quiet rapid rare ready regular rich right robust sacred safe secure sharp shining simple sincere smart smooth social solid sound stable star steady strong sunny super sure sweet talented tender tidy tops touched true trusty upright useful valid vast verified vital warm wealthy welcome whole wise worthy".split(
      " ",
    ),
  animals:
    "albacore alpaca anchovy ant antelope badger bass bat bear beetle bird bison boar bobcat buck buffalo bull bunny camel caribou cat catfish cheetah chicken chipmunk clam cobra cod collie colt condor coral cougar cow coyote crab crane cricket crow deer dingo dodo dog dolphin donkey dove dragon drake duck eagle eel egret elephant elk emu falcon fawn finch firefly fish flamingo flounder fly fox frog gannet gazelle gecko giraffe gnu goat goose gopher grouse grub gull guppy halibut hamster hare hawk hedgehog hen heron herring hippo hornet horse hound husky ibex iguana impala insect jackal jaguar jay kangaroo kit kite kitten koala koi ladybug lamb lark leopard lion lizard llama lobster lynx macaw magpie mako mallard mammoth man manatee marlin marmot marten martin mastiff mink minnow mite mole mollusk monkey moose moth mouse mule mullet muskox mustang newt octopus opossum orca oriole osprey ostrich otter owl ox oyster panda panther parrot pelican penguin perch pheasant pig pigeon pika pony porpoise possum prawn puma puffin pup quail rabbit raccoon ram raven ray redfish reindeer robin rooster salmon sawfish seal shark sheep shrew shrimp skink skunk sloth snail snake snipe sparrow spider sponge squid stag starfish stork sturgeon sunfish swan swift tapir tarpon tetra thrush tiger toad tortoise toucan trout tuna turkey turtle viper walrus wasp weasel whale wolf wombat woodcock worm wren yak zebra".split(
      " ",
    ),
} as const;
